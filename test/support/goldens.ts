/**
 * The golden models and what a float64 run of them gave. `README.md` beside them
 * says how they were made.
 *
 * @module
 */

import { canonical } from "../../src/model/canonical_checkpoint.ts";
import type { Checkpoint } from "../../src/model/checkpoint.ts";
import { readSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/byte_source.ts";

/** Where the golden files are, with a slash at the end. */
export const GOLDENS = new URL("../fixtures/goldens/", import.meta.url)
  .pathname;

/** Sets of goldens and the files of their models. */
export const GOLDEN_MODELS = {
  "rand": "rand-d128-l3-v512",
  "rand-f16": "rand-d128-l3-v512-f16",
  "rand-bf16": "rand-d128-l3-v512-bf16",
  "lm128-bf16": "lm128-bf16",
} as const;

/** One of the sets. */
export type GoldenSet = keyof typeof GOLDEN_MODELS;

/** What a prompt gave. */
export interface GoldenPrompt {
  /** `set.prompt`. */
  readonly name: string;
  /** Read from a blank state. */
  readonly tokens: readonly number[];
  /** After the last of them, `[V]`. */
  readonly logits: Float32Array;
  /** After the last of them, in canonical order. */
  readonly state: Float32Array;
  /** The 64 likeliest tokens that follow, one after another. */
  readonly greedy: readonly number[];
  /** Least lead of any of those over the next best. */
  readonly margin: number;
  /** Largest absolute error of a plain float32 run. */
  readonly error: { readonly logits: number; readonly state: number };
}

/** A golden model, by its file's name without the extension. */
export async function openGolden(file: string): Promise<Checkpoint> {
  const name = `${file}.safetensors`;
  const source = bytesSource(name, await Deno.readFile(GOLDENS + name));
  return canonical(await readSafetensors(source), name);
}

/** The prompts of a set. */
export async function goldenPrompts(set: GoldenSet): Promise<GoldenPrompt[]> {
  const { prompts } = JSON.parse(
    await Deno.readTextFile(`${GOLDENS}${set}.goldens.json`),
  ) as { prompts: Record<string, GoldenEntry> };
  return await Promise.all(
    Object.entries(prompts).map(async ([name, prompt]) => ({
      name: `${set}.${name}`,
      tokens: prompt.tokens,
      logits: await floats(prompt.logits),
      state: await floats(prompt.state),
      greedy: prompt.greedy,
      margin: prompt.greedy_min_margin,
      error: prompt.fp32_numpy_max_abs_diff,
    })),
  );
}

interface GoldenEntry {
  tokens: number[];
  logits: string;
  state: string;
  greedy: number[];
  greedy_min_margin: number;
  fp32_numpy_max_abs_diff: { logits: number; state: number };
}

/** A trace, `set.prompt.traceK`, by the names of its parts. */
export async function goldenTrace(
  name: string,
): Promise<Map<string, Float32Array>> {
  const parts = JSON.parse(
    await Deno.readTextFile(`${GOLDENS}${name}.json`),
  ) as { name: string; offset: number; count: number }[];
  const values = await floats(`${name}.bin`);
  return new Map(
    parts.map(({ name, offset, count }) => [
      name,
      values.subarray(offset, offset + count),
    ]),
  );
}

async function floats(file: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(GOLDENS + file)).buffer);
}
