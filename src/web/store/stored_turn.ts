/**
 * What the page remembers of a conversation: turns that know their parents, so
 * that together they are a tree, and slots that point at them.
 *
 * @module
 */

import type { Exchange } from "../../client/save_file.ts";

/** One answer and the memory it left; never changed once written. */
export interface StoredTurn extends Exchange {
  /** Sorts by the time it was made. */
  readonly id: string;
  /** The turn it goes on from; null at the root. */
  readonly parent: string | null;
  /** How it came about: `import` came as a file, `more` went on by itself. */
  readonly kind: "say" | "more" | "import";
  /** When, in milliseconds of Unix time. */
  readonly at: number;
  /** What the model was told first; only at the root. */
  readonly system?: string;
  /** The server's state that it began with; only at the root. */
  readonly initial?: string;
  /** The words that came with an imported save. */
  readonly past?: readonly Exchange[];
  /** Whether an imported save has read more than those words, or others. */
  readonly partial?: boolean;
  /** What an edit of its memory achieved; it is of the kind `import` then. */
  readonly edited?: string;
  /** Whether it was computed in a tab of this device, not by a server. */
  readonly here?: true;
  /** Whether the words so far were read again, for the save could not be opened. */
  readonly reread?: true;
  /** Why the answer ended. */
  readonly finish: "stop" | "length" | "cancelled";
  /** The model's name. */
  readonly model: string;
  /** The model's weights; a save opens with no others. */
  readonly fingerprint: string;
  /** Tokens read since blank. */
  readonly position: number;
  /** Bytes of the save as it travels. */
  readonly bytes: number;
  /** How the save is written. */
  readonly codec: string;
  /** Tokens read in this turn. */
  readonly read: number;
  /** Tokens written in this turn. */
  readonly wrote: number;
  /** Milliseconds of the server, for each part of the turn. */
  readonly ms: {
    /** Opening the save, and reading what is new. */
    readonly read: number;
    /** Writing the answer. */
    readonly write: number;
    /** Sealing the save. */
    readonly seal: number;
  };
}

/** A name for a turn that is to be found again. */
export interface Slot {
  /** Stays when the name changes. */
  readonly id: string;
  /** What it is called. */
  readonly name: string;
  /** The turn. */
  readonly turn: string;
  /** When it was saved, in milliseconds of Unix time. */
  readonly at: number;
  /** A matrix of the state, `[64, 64]`, in steps of its largest value / 127. */
  readonly face?: Int8Array;
}

/**
 * A new id, which sorts after those made before it: by the clock, or after the last
 * of them where the clock was set back.
 *
 * @param known Ids made before.
 * @param now Milliseconds of Unix time.
 */
export function newId(known: Iterable<string>, now = Date.now()): string {
  let time = now;
  for (const id of known) {
    const then = Number.parseInt(id.split("-")[0] ?? "", 36);
    // Not after one that no clock could have made.
    if (then >= time && then < FURTHEST) time = then + 1;
  }
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return `${time.toString(36).padStart(9, "0")}-${random.toString(36)}`;
}

/** The first time that takes ten digits: a year beyond 5000. */
const FURTHEST = 36 ** 9;
