/**
 * What the thread that knows grammars is asked, and what it answers. One question
 * at a time.
 *
 * @module
 */

import type { Grammar } from "../grammar.ts";

/** Said by the thread once, when it has read the vocabulary. */
export const READY = "ready";

/** Sent once, before anything else. */
export interface GrammarStart {
  /** Tokens one after the other. */
  readonly bytes: Uint8Array;
  /** Where each of them ends. */
  readonly ends: Uint32Array;
  /** The token that ends a text. */
  readonly end: number;
  /** Bits of a mask. */
  readonly V: number;
  /** 64 KiB pages that the library's memory may have. */
  readonly pages: number;
}

/** A question. */
export type Question =
  | {
    readonly name: "open";
    /** The answer's own number. */
    readonly id: number;
    readonly grammar: Grammar;
    readonly space: boolean;
    /** Tokens written already. */
    readonly tokens: readonly number[];
  }
  | {
    readonly name: "accept";
    readonly id: number;
    readonly token: number;
  }
  /** Takes tokens that come over a feed, and gives masks there. */
  | {
    readonly name: "follow";
    readonly id: number;
    readonly feed: SharedArrayBuffer;
    /** How many tokens were told before, and will be at most. */
    readonly from: number;
    readonly until: number;
  }
  | {
    readonly name: "close";
    readonly id: number;
  };

/** Questions asked together; their answers come together, in the same order. */
export type Questions = readonly Question[];

/** An answer. */
export type GrammarReply =
  | {
    /** Which tokens may come next; empty after `close`, and if none has come. */
    readonly mask: Uint32Array<ArrayBuffer>;
    /** How many tokens came over the feed. */
    readonly taken?: number;
    /** Steps that it took to find out. */
    readonly steps?: number;
    /** Whether it may take any number of them later. */
    readonly unbounded?: boolean;
    /** Whether masks may lead to where no token may come. */
    readonly uncertain?: boolean;
  }
  | {
    /** Why the grammar cannot be used; the thread is as good as before. */
    readonly refused: string;
  }
  | {
    /** Which of the tokens given the grammar does not allow. */
    readonly misfit: number;
  }
  | {
    /** What the library could not do. It may be damaged since. */
    readonly failure: string;
  };
