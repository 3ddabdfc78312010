/**
 * The weighted mean of states. A state is a sum over what was read, faded, so a
 * mean of two remembers some of both.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { RequestError } from "../../errors.ts";
import type { Save } from "../save.ts";
import { expectSameModel, type Owned } from "./state_diff.ts";

/** A save, and how much of it. */
export interface Ingredient extends Owned {
  /** Its share; shares need not sum to 1, and may be negative. */
  readonly weight: number;
}

/** Values that are mixed in one step. */
const MIXED_VALUES_A_STEP = 2 ** 18;

/**
 * Mixes saves of one model: `Σ weight · values / Σ weight`, in f64, some
 * values at a time.
 *
 * What is not a number to average (position, unread tokens, seed, penalty counts,
 * chat phase) comes from the save with the largest weight, the first of equals.
 * The chain of a mix is `SHA-256(chain ‖ f64 weight ‖ …)` over its ingredients, in
 * order: no text has it, and equal mixes share it; it has no transcript. Saves of
 * weight 0 leave no trace, and a mix of one is that one.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if there is nothing to mix: no save,
 * a weight that is not finite, or weights whose sum is not above 0.
 * @throws {StateError} `ERR_STATE_MISMATCH` if they are of different models.
 */
export function* mixing(
  ingredients: readonly Ingredient[],
): Generator<void, Save> {
  const weights = ingredients.map(({ weight }) => weight);
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(sum > 0 && sum < Infinity)) {
    throw new RequestError(
      "ERR_REQUEST_INVALID",
      `Cannot mix states: their weights sum to ${sum}, expected more than 0`,
    );
  }
  expectSameModel(ingredients);
  const used = ingredients.filter(({ weight }) => weight !== 0);
  const [heaviest] = used.toSorted((a, b) => b.weight - a.weight);
  if (used.length === 1) return heaviest.save;

  const mixed = new Float32Array(heaviest.save.values.length);
  const sums = new Float64Array(Math.min(MIXED_VALUES_A_STEP, mixed.length));
  for (let from = 0; from < mixed.length; from += MIXED_VALUES_A_STEP) {
    const length = Math.min(MIXED_VALUES_A_STEP, mixed.length - from);
    sums.fill(0);
    for (const { save: { values }, weight } of used) {
      for (let i = 0; i < length; i++) sums[i] += weight * values[from + i];
    }
    for (let i = 0; i < length; i++) mixed[from + i] = sums[i] / sum;
    yield;
  }
  // What several have read is no text.
  const { transcript: _, ...rest } = heaviest.save;
  return {
    ...rest,
    values: mixed,
    chain: mixedChain(used),
  };
}

function mixedChain(used: readonly Ingredient[]): Uint8Array {
  const hash = sha256.create();
  for (const { save, weight } of used) {
    const share = new DataView(new ArrayBuffer(8));
    share.setFloat64(0, weight, true);
    hash.update(save.chain).update(new Uint8Array(share.buffer));
  }
  return hash.digest();
}
