/**
 * What both devices refuse, before anything of it is done. A device clamps what is
 * out of range in silence, or corrupts the memory of a neighbour.
 *
 * @module
 */

import { type ModelShape, stateLength } from "../model/shape.ts";
import type { LaneStep } from "./device.ts";

/** Tokens that a lane can draw in one step. */
export const MAX_DRAWN = 8192;

/** The lanes of a model, as far as it decides what can be asked of them. */
export class StepChecks {
  readonly #shape: ModelShape;
  readonly #lanes: number;
  /** Lanes whose last token drawn is still unread. */
  readonly #lanesWithUnread = new Set<number>();

  /** Lanes that have drawn nothing yet. */
  constructor(shape: ModelShape, lanes: number) {
    this.#shape = shape;
    this.#lanes = lanes;
  }

  /**
   * Refuses a lane that is not there.
   *
   * @throws {RangeError} Saying how many there are.
   */
  expectLane(lane: number): void {
    if (Number.isInteger(lane) && lane >= 0 && lane < this.#lanes) return;
    throw new RangeError(`Cannot use lane ${lane}: there are ${this.#lanes}`);
  }

  /** The lane is blank now: there is nothing to go on from. */
  clear(lane: number): void {
    this.expectLane(lane);
    this.#lanesWithUnread.delete(lane);
  }

  /**
   * The lane has this state now.
   *
   * @throws {RangeError} If it is of another shape.
   */
  write(lane: number, values: Float32Array): void {
    const expected = stateLength(this.#shape);
    if (values.length !== expected) {
      throw new RangeError(
        `Cannot write a state: ${values.length} values, expected ${expected}`,
      );
    }
    this.clear(lane);
  }

  /** Lane `to` is what `from` is now, its unread token included. */
  copy(from: number, to: number): void {
    this.expectLane(from);
    this.clear(to);
    if (this.#lanesWithUnread.has(from)) this.#lanesWithUnread.add(to);
  }

  /**
   * Takes note of a step.
   *
   * @throws {RangeError} If it cannot be carried out, naming what is wrong.
   */
  step(batch: readonly LaneStep[]): void {
    const seen = new Set<number>();
    for (const step of batch) {
      this.expectLane(step.lane);
      const fault = seen.has(step.lane)
        ? "it is in the step twice"
        : this.#fault(step);
      if (fault !== undefined) {
        throw new RangeError(`Cannot step lane ${step.lane}: ${fault}`);
      }
      seen.add(step.lane);
    }
    for (const { lane, draw } of batch) {
      if (draw > 0) this.#lanesWithUnread.add(lane);
      else this.#lanesWithUnread.delete(lane);
    }
  }

  #fault(
    { lane, tokens, draw, sampling, mask, feed }: LaneStep,
  ): string | undefined {
    const { V } = this.#shape;
    const strange = tokens.find((t) =>
      !(Number.isInteger(t) && t >= 0 && t < V)
    );
    if (strange !== undefined) return `token ${strange} is not in [0, ${V})`;
    if (tokens.length === 0 && !this.#lanesWithUnread.has(lane)) {
      return "there are no tokens, and it has drawn none to go on from";
    }
    if (!Number.isInteger(draw) || draw < 0 || draw > MAX_DRAWN) {
      return `${draw} tokens to draw, expected 0 to ${MAX_DRAWN}`;
    }
    if (draw === 0) return undefined;
    if (sampling === undefined) return "it draws without sampling";
    if (mask !== undefined && draw > 1 && feed === undefined) {
      return "it draws more than once in a mask";
    }
    return sampling.mask && maskFault(sampling.mask, V);
  }

  /**
   * Refuses a mask that nothing can be drawn with.
   *
   * @throws {RangeError} Saying what is wrong.
   */
  expectMask(mask: Uint32Array | undefined): void {
    const fault = mask && maskFault(mask, this.#shape.V);
    if (fault !== undefined) throw new RangeError(`Cannot draw: ${fault}`);
  }
}

function maskFault(mask: Uint32Array, V: number): string | undefined {
  const length = Math.ceil(V / 32);
  if (mask.length !== length) {
    return `its mask has ${mask.length} words, expected ${length}`;
  }
  const last = V % 32 === 0 ? 0xffffffff : 2 ** (V % 32) - 1;
  const any = mask.some((word, i) =>
    (i === length - 1 ? word & last : word) !== 0
  );
  return any ? undefined : "its mask allows no token";
}
