/**
 * States of other engines as saves, and saves as theirs.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { blankChain, extendChain } from "../token_chain.ts";
import type { StateShape } from "../codec.ts";
import { expectFinite } from "../finite_values.ts";
import type { Save } from "../save.ts";
import { type FlatLayout, readFlat, writeFlat } from "./flat_layouts.ts";
import { readLlamaSlot, writeLlamaSlot } from "./llama_slot.ts";
import { type PthLayout, readPthState, writePthState } from "./pth_state.ts";

/** A kind of file. */
export type StateLayout = FlatLayout | PthLayout | "llama.cpp";

/** Every kind of file. */
export const STATE_LAYOUTS: readonly StateLayout[] = [
  "gosling",
  "llama.cpp",
  "rwkv",
  "rwkv.cpp",
  "time-state",
  "web-rwkv",
];

/** What a foreign file may not tell. */
export interface ImportOptions {
  /** Tokens that the state has read; llama.cpp's files tell. */
  readonly position?: number;
  /** Seed of the draws to come. */
  readonly seed: readonly [low: number, high: number];
}

/**
 * Makes a save of a foreign state: nothing is unread, so a turn from it needs a
 * prompt. Its chain is the text's where the file names all tokens, and otherwise
 * `SHA-256(values)`, which no text has.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the file is not of that kind and
 * shape, naming the place, or a value is not finite.
 */
export async function importState(
  bytes: Uint8Array<ArrayBuffer>,
  layout: StateLayout,
  shape: StateShape,
  { position = 0, seed }: ImportOptions,
): Promise<Save> {
  const found = await readState(bytes, layout, shape);
  const { values, tokens = [] } = found;
  expectFinite(values, "decode");
  const read = found.position ?? position;
  return {
    values,
    position: read,
    unread: [],
    seed,
    counts: new Map(),
    utf8: new Uint8Array(),
    chat: { open: false, thinking: false },
    chain: read > 0 && tokens.length === read
      ? extendChain(blankChain(), tokens)
      : sha256(new Uint8Array(values.buffer)),
  };
}

/**
 * Writes the values of a save the way another engine keeps them. What else is in
 * the save is not carried, above all its unread tokens: give them to that engine
 * first.
 */
export function exportState(
  save: Save,
  layout: StateLayout,
  shape: StateShape,
): Uint8Array<ArrayBuffer> {
  const { values, position } = save;
  switch (layout) {
    case "llama.cpp":
      return writeLlamaSlot(values, shape, position);
    case "rwkv":
    case "time-state":
      return writePthState(values, shape, layout);
    default:
      return writeFlat(values, shape, layout);
  }
}

interface ForeignState {
  readonly values: Float32Array<ArrayBuffer>;
  readonly tokens?: readonly number[];
  readonly position?: number;
}

async function readState(
  bytes: Uint8Array<ArrayBuffer>,
  layout: StateLayout,
  shape: StateShape,
): Promise<ForeignState> {
  switch (layout) {
    case "llama.cpp":
      return readLlamaSlot(bytes, shape);
    case "rwkv":
    case "time-state":
      return { values: await readPthState(bytes, shape) };
    default:
      return { values: readFlat(bytes, shape, layout) };
  }
}
