/**
 * Keeps an answer to its constraint: after each token drawn the next mask is found,
 * while a device that can reads the token, and while the lanes of other turns go on.
 *
 * @module
 */

import type { Constraint, MaskLoan } from "../../grammar/grammar.ts";
import type { StopSequence, Turn } from "../engine.ts";

/** Milliseconds for which other lanes wait for a mask, to share the next step. */
const SOON = 2;

/** Who is told. */
export interface GuideListener {
  /** The next mask is there, or will not be soon. */
  readonly changed: () => unknown;
  /** So many tokens, the newest ones, have led nowhere. */
  readonly retreat: (count: number) => unknown;
  /** There will be none. */
  readonly failed: (error: unknown) => unknown;
}

/** Follows one answer. */
export class Guide {
  readonly #constraint: Constraint | undefined;
  readonly #listener: GuideListener;
  #nextMask: Promise<Uint32Array | undefined> | undefined;
  #follows = 0;
  #loan: MaskLoan | undefined;
  #maskSoon = false;

  /** Follows `constraint`, or nothing. */
  constructor(constraint: Constraint | undefined, listener: GuideListener) {
    this.#constraint = constraint;
    this.#listener = listener;
  }

  /** Whether it is known which token may come next. */
  get ready(): boolean {
    return this.#nextMask === undefined;
  }

  /**
   * The next mask, while it is waited for: nothing once tokens were taken back, or if
   * there will be none.
   */
  get next(): Promise<Uint32Array | undefined> | undefined {
    return this.#nextMask;
  }

  /** Whether there is an answer to follow. */
  get follows(): boolean {
    return this.#constraint !== undefined;
  }

  /** How many of the last tokens may be taken back. */
  get held(): number {
    return this.#constraint?.held ?? 0;
  }

  /** Whether that is about to be known. */
  get soon(): boolean {
    return this.#maskSoon;
  }

  /**
   * Lends masks for so many draws; nothing if the mask of each is to be found before
   * it. What is drawn is to be followed, even if it is nothing.
   */
  lend(count: number): MaskLoan | undefined {
    return this.#loan = this.#constraint?.lend?.(count);
  }

  /** Takes tokens drawn: with a constraint, one, or those of a loan. */
  follow(drawn: readonly number[]): void {
    const constraint = this.#constraint, loan = this.#loan;
    this.#loan = undefined;
    if (constraint === undefined || loan === undefined && drawn.length === 0) {
      return;
    }
    this.#nextMask = this.#follow(constraint, drawn, loan);
  }

  async #follow(
    constraint: Constraint,
    drawn: readonly number[],
    loan: MaskLoan | undefined,
  ): Promise<Uint32Array | undefined> {
    const before = this.#nextMask, count = ++this.#follows;
    this.#maskSoon = true;
    const late = setTimeout(() => {
      this.#maskSoon = false;
      this.#listener.changed();
    }, SOON);
    let mask: Uint32Array | undefined;
    try {
      const took = loan?.took(drawn);
      // What it fails with while the mask before is waited for is for the await.
      took?.catch(() => {});
      if (before !== undefined) await before;
      const left = took === undefined ? drawn : await took;
      let taken = 0;
      for (const token of left) {
        const back = await constraint.accept(token);
        if (back > 0) this.#listener.retreat(back);
        taken += back;
      }
      if (taken === 0) ({ mask } = constraint);
      if (count === this.#follows) this.#nextMask = undefined;
    } catch (error) {
      this.#listener.failed(error);
    }
    clearTimeout(late);
    this.#maskSoon = false;
    this.#listener.changed();
    return mask;
  }
}

/** The stops that end a turn's answer. A constraint decides by itself when it ends. */
export function soughtStops(
  { stops, constraint }: Turn,
): readonly StopSequence[] {
  return constraint === undefined ? stops : stops.filter(({ kept }) => !kept);
}
