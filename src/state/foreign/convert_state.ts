/**
 * States of other engines as saves, and saves as theirs.
 *
 * @module
 */

import { atOnce, inSteps } from "../../steps.ts";
import { blankChain, extendingChain } from "../token_chain.ts";
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
  await inSteps(expectFinite(values, "decode"));
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
      ? await inSteps(extendingChain(blankChain(), tokens))
      : new Uint8Array(await crypto.subtle.digest("SHA-256", values)),
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
  return atOnce(exportingState(save, layout, shape));
}

/** Writes values as {@linkcode exportState} does, in steps. */
export function* exportingState(
  save: Save,
  layout: StateLayout,
  shape: StateShape,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const { values, position } = save;
  switch (layout) {
    case "llama.cpp":
      return writeLlamaSlot(values, shape, position);
    case "rwkv":
    case "time-state":
      return yield* writePthState(values, shape, layout);
    default:
      return yield* writeFlat(values, shape, layout);
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
      return { values: await inSteps(readFlat(bytes, shape, layout)) };
  }
}
