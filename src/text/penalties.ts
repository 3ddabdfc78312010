/**
 * What repetition costs: decayed counts of the tokens drawn, and the logits they
 * lower. Every operation is one f32 rounding, so a device can do the same bits.
 *
 * @module
 */

import type { SamplingOptions } from "./sampling_options.ts";

/**
 * A count below this is forgotten. With the usual decay of 0.996 that is after
 * some 1,730 tokens, which bounds the counts that a save has to carry.
 */
export const FORGOTTEN = 2 ** -10;

/** Decayed counts of drawn tokens, f32. */
export class Counts extends Map<number, number> {
  /**
   * Counts a token drawn: first every count `c ← f32(c · decay)`, and none if
   * that is below {@linkcode FORGOTTEN}; then the token's `c ← f32(c + 1)`.
   */
  draw(token: number, decay: number): void {
    if (decay !== 1) {
      const factor = Math.fround(decay);
      for (const [id, count] of this) {
        const left = Math.fround(count * factor);
        if (left < FORGOTTEN) this.delete(id);
        else this.set(id, left);
      }
    }
    this.set(token, Math.fround((this.get(token) ?? 0) + 1));
  }
}

/**
 * Whether drawn tokens have to be counted at all. Where they have not, counts
 * stay as they are: a save does not grow for penalties that nobody asked for.
 */
export function penalized(
  { presencePenalty, frequencyPenalty }: SamplingOptions,
): boolean {
  return presencePenalty !== 0 || frequencyPenalty !== 0;
}

/**
 * Lowers `logits` in place, for every token with a count above 0:
 * `x ← f32(x − f32(presence + f32(frequency · count)))`.
 *
 * @param logits `[V]`; tokens outside are passed over.
 */
export function penalize(
  logits: Float32Array,
  counts: ReadonlyMap<number, number>,
  options: SamplingOptions,
): void {
  const presence = Math.fround(options.presencePenalty);
  const frequency = Math.fround(options.frequencyPenalty);
  for (const [token, count] of counts) {
    if (count <= 0 || token >= logits.length) continue;
    logits[token] -= Math.fround(presence + Math.fround(frequency * count));
  }
}
