/**
 * Going back in a turn: a lane that has read past the place where its text ends
 * is put back there, bit for bit.
 *
 * It takes a copy of the state, kept on a spare lane at the beginning of each
 * burst, and reads again what follows. Where there is no such copy the turn
 * begins again from its save, which takes as long as it did the first time.
 *
 * @module
 */

import type { DeviceModel, LaneStep } from "../../device/device.ts";
import type { TurnTokens } from "./answer_ending.ts";
import { PREFILL_CHUNK } from "../queue/scheduler.ts";

/** A lane that can be put back. */
export class Rewinder {
  readonly #model: DeviceModel;
  readonly #lane: number;
  readonly #spare: number | undefined;
  /** How many tokens of the turn the copy has read. */
  #readByCopy: number | undefined;

  /** Keeps copies of `lane` on `spare`, if there is one. */
  constructor(model: DeviceModel, lane: number, spare: number | undefined) {
    this.#model = model;
    this.#lane = lane;
    this.#spare = spare;
  }

  /** Keeps a copy of the lane, which has read `read` tokens of the turn. */
  async keep(read: number): Promise<void> {
    if (this.#spare === undefined) return;
    this.#readByCopy = read;
    await this.#model.copy(this.#lane, this.#spare);
  }

  /** Puts back a copy that has read no more than `read`, or else `values`. */
  async restore(
    read: number,
    values: Float32Array<ArrayBuffer>,
  ): Promise<void> {
    if (this.#spare !== undefined && this.#copyReaches(read)) {
      await this.#model.copy(this.#spare, this.#lane);
    } else {
      await this.#model.write(this.#lane, values);
    }
  }

  /** What to read after {@linkcode restore}, cut as it was the first time. */
  steps(read: number, { given, drawn }: TurnTokens): LaneStep[] {
    const lane = this.#lane, last = given.length - 1;
    const steps: LaneStep[] = [];
    const from = this.#copyReaches(read) ? this.#readByCopy ?? 0 : 0;
    const until = Math.min(last, read);
    for (let at = from; at < until; at += PREFILL_CHUNK) {
      const tokens = given.slice(at, Math.min(at + PREFILL_CHUNK, until));
      steps.push({ lane, tokens, draw: 0 });
    }
    const rest = [...given.slice(last), ...drawn];
    for (let at = Math.max(from, last); at < read; at += PREFILL_CHUNK) {
      const tokens = rest.slice(
        at - last,
        Math.min(at + PREFILL_CHUNK, read) - last,
      );
      steps.push({ lane, tokens, draw: 0, replay: true });
    }
    return steps;
  }

  #copyReaches(read: number): boolean {
    return this.#readByCopy !== undefined && this.#readByCopy <= read;
  }
}
