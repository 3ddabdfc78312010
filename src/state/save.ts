/**
 * The save: everything needed to go on with a text without a seam.
 *
 * @module
 */

import type { Transcript } from "./transcript.ts";

/** How the values of a state are written. */
export type CodecName = "exact" | "f16" | "int10" | "int8" | "int6" | "int4";

/** What a lane remembers and what surrounds it. */
export interface Save {
  /** The state, canonical order (`model/shape.ts`), `L D (N + 2)` values. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Tokens read since blank. */
  readonly position: number;
  /**
   * Tokens of the text that the values have not read yet, normally the last one
   * drawn: it costs 4 bytes where the logits after it would cost 4 V.
   */
  readonly unread: readonly number[];
  /** Seed of the draws, two u32 halves, low first. */
  readonly seed: readonly [low: number, high: number];
  /** Decayed counts of drawn tokens, f32, for the penalties. */
  readonly counts: ReadonlyMap<number, number>;
  /** Bytes of an unfinished UTF-8 character at the end of the text given out. */
  readonly utf8: Uint8Array;
  /** Where the chat template is. */
  readonly chat: ChatPhase;
  /** SHA-256 chain over the tokens read: `h ← SHA-256(h ‖ u32 token)`, from zeros. */
  readonly chain: Uint8Array;
  /** All that was read, if it is kept. */
  readonly transcript?: Transcript;
}

/** Where a chat stands. */
export interface ChatPhase {
  /** An assistant turn has begun and its end has not been read or drawn. */
  readonly open: boolean;
  /** Inside a think block. */
  readonly thinking: boolean;
  /**
   * Digest, a u32, of the system's words and the tools read; omitted if there is
   * none.
   */
  readonly told?: number;
}

/** What the saves of one model have in common. */
export interface SaveFormat {
  /** The model's fingerprint, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /**
   * Layers and width: they fix how many values there are. With the vocabulary
   * too, a save that names a token beyond it is refused.
   */
  readonly shape: {
    /** Layers. */
    readonly L: number;
    /** Model width. */
    readonly D: number;
    /** Vocabulary. */
    readonly V?: number;
  };
}

/** Who wrote a save, for people: noted, never enforced. */
export interface SaveNote {
  /** Name and version of the program. */
  readonly engine: string;
  /** The device. */
  readonly device: string;
}
