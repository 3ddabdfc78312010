/**
 * Keeps an answer to its constraint: after each token drawn the next mask is
 * waited for, while the lanes of other turns go on.
 *
 * @module
 */

import type { Constraint } from "../grammar/grammar.ts";
import type { Stop, Turn } from "./engine.ts";

/** Who is told. */
export interface GuideListener {
  /** The next mask is there. */
  readonly ready: () => unknown;
  /** There will be none. */
  readonly failed: (error: unknown) => unknown;
}

/** Follows one answer. */
export class Guide {
  readonly #constraint: Constraint | undefined;
  readonly #listener: GuideListener;
  #behind = false;

  /** Follows `constraint`, or nothing. */
  constructor(constraint: Constraint | undefined, listener: GuideListener) {
    this.#constraint = constraint;
    this.#listener = listener;
  }

  /** Whether it is known which token may come next. */
  get ready(): boolean {
    return !this.#behind;
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
    try {
      for (const token of drawn) await constraint.accept(token);
    } catch (error) {
      this.#listener.failed(error);
      return;
    }
    this.#behind = false;
    this.#listener.ready();
  }
}

/** The stops that end a turn's answer. A constraint decides by itself when it ends. */
export function soughtStops({ stops, constraint }: Turn): readonly Stop[] {
  return constraint === undefined ? stops : stops.filter(({ kept }) => !kept);
}
