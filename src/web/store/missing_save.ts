/**
 * A save that is gone: missing is never taken for blank.
 *
 * @module
 */

import type { StoredTurn } from "./stored_turn.ts";

/** The save to go on from is not in this browser any more. */
export class MissingSaveError extends Error {
  /** The nearest turn before it whose save is there; null if there is none. */
  readonly nearest: StoredTurn | null;
  /** Whether all words up to there are known, and could be read again. */
  readonly words: boolean;

  /** Says what is left. */
  constructor(nearest: StoredTurn | null, words: boolean) {
    super("Cannot go on: the save of the turn is gone from this browser");
    this.name = "MissingSaveError";
    this.nearest = nearest;
    this.words = words;
  }
}
