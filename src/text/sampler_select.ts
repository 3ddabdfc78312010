/**
 * The likeliest of many tokens without sorting them: a radix selection, three
 * histograms of a key's bits from the top down.
 *
 * @module
 */

import type { SamplerScratch } from "./sampler_scratch.ts";

/** Bits of the key that each histogram looks at, the highest first. */
const DIGITS = [
  { shift: 21, size: 1 << 11 },
  { shift: 10, size: 1 << 11 },
  { shift: 0, size: 1 << 10 },
];

const HISTOGRAM = new Float64Array(1 << 11);

/** Fills in the keys of n candidates: u32 whose order is that of the logits. */
export function rankKeys(
  { bits, ids, keys }: SamplerScratch,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    const word = bits[ids[i]];
    // Negative floats order backwards; −0 is the same logit as 0.
    keys[i] = word >>> 31 === 0 || word === 0x80000000
      ? word | 0x80000000
      : ~word;
  }
}

/**
 * Keeps, of n candidates, the fewest likeliest ones whose measure reaches
 * `target`; ties go to the lower token.
 *
 * @param measure Weight of each candidate, or 1 each if absent.
 * @returns How many were kept; they stay in order of id.
 */
export function select(
  scratch: SamplerScratch,
  n: number,
  target: number,
  measure: Float32Array | undefined,
): number {
  const { keys, sought } = scratch;
  let threshold = 0, above = 0, left = n;
  for (let i = 0; i < n; i++) sought[i] = i;
  for (const { shift, size } of DIGITS) {
    HISTOGRAM.fill(0);
    for (let j = 0; j < left; j++) {
      const i = sought[j];
      const digit = keys[i] >>> shift & size - 1;
      HISTOGRAM[digit] += measure === undefined ? 1 : measure[i];
    }
    let digit = -1;
    for (let d = size - 1; d >= 0; d--) {
      if (HISTOGRAM[d] === 0) continue;
      if (digit >= 0) above += HISTOGRAM[digit];
      digit = d;
      if (above + HISTOGRAM[d] >= target) break;
    }
    // Only those with the digits so far can be the last ones kept.
    let kept = 0;
    for (let j = 0; j < left; j++) {
      const i = sought[j];
      if ((keys[i] >>> shift & size - 1) === digit) sought[kept++] = i;
    }
    left = kept;
    threshold += digit * 2 ** shift;
  }
  return keepTies(scratch, n, { threshold, above, target, measure });
}

/** Drops what is below the threshold, and at it all but as many as it takes. */
function keepTies(
  { ids, weights, keys }: SamplerScratch,
  n: number,
  { threshold, above, target, measure }: {
    readonly threshold: number;
    readonly above: number;
    readonly target: number;
    readonly measure: Float32Array | undefined;
  },
): number {
  let kept = 0, seen = above;
  for (let i = 0; i < n; i++) {
    if (keys[i] < threshold) continue;
    if (keys[i] === threshold) {
      if (seen >= target) continue;
      seen += measure === undefined ? 1 : measure[i];
    }
    ids[kept] = ids[i];
    weights[kept++] = weights[i];
  }
  return kept;
}
