/**
 * Keeps an answer to its constraint: after each token drawn the next mask is
 * waited for, while the lanes of other turns go on.
 *
 * @module
 */

import type { Constraint } from "../../grammar/grammar.ts";
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
  #behind = false;
  #soon = false;

  /** Follows `constraint`, or nothing. */
  constructor(constraint: Constraint | undefined, listener: GuideListener) {
    this.#constraint = constraint;
    this.#listener = listener;
  }

  /** Whether it is known which token may come next. */
  get ready(): boolean {
    return !this.#behind;
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
    return this.#soon;
  }

  /** Takes tokens drawn: with a constraint, one. */
  follow(drawn: readonly number[]): void {
    const constraint = this.#constraint;
    if (constraint !== undefined) void this.#follow(constraint, drawn);
  }

  async #follow(
    constraint: Constraint,
    drawn: readonly number[],
  ): Promise<void> {
    this.#behind = true;
    this.#soon = true;
    const late = setTimeout(() => {
      this.#soon = false;
      this.#listener.changed();
    }, SOON);
    try {
      for (const token of drawn) {
        const back = await constraint.accept(token);
        if (back > 0) this.#listener.retreat(back);
      }
      this.#behind = false;
    } catch (error) {
      this.#listener.failed(error);
    }
    clearTimeout(late);
    this.#soon = false;
    this.#listener.changed();
  }
}

/** The stops that end a turn's answer. A constraint decides by itself when it ends. */
export function soughtStops(
  { stops, constraint }: Turn,
): readonly StopSequence[] {
  return constraint === undefined ? stops : stops.filter(({ kept }) => !kept);
}
