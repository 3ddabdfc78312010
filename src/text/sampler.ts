/**
 * The draw of a token from logits, on the host. Shaders draw the same token from
 * the same logits unless a sum decides it by its rounding; this page is the
 * definition that both follow.
 *
 * With x the logits `[V]`, in f32:
 *
 * 1. Penalties, as in `penalties.ts`. Logit bias: `x ← f32(x + bias)`. Mask: a
 *    token whose bit `mask[i >> 5] >> (i & 31)` is 0 is out.
 * 2. `m` is the largest x. Temperature 0: the lowest token with `x = m`, and
 *    nothing below matters.
 * 3. `z = (x − m) / temperature`; tokens with `z < −32` are out, for all of a
 *    vocabulary of them weigh less than the last bit of the random number.
 *    Weights are `w = exp(z)`, f32, so that the likeliest has 1.
 * 4. Tokens are ranked by x, larger first, then by id, lower first. Top-k keeps
 *    the first k. Top-p keeps the fewest first ones whose weights sum to at least
 *    `topP` times the sum over what top-k kept. Either set is a threshold on x
 *    and a number of tokens at the threshold, the lowest ids among them.
 * 5. Min-p keeps those with `w ≥ minP`.
 * 6. With u from `philox.ts` and W the sum over what is kept, the draw is the
 *    first kept token *in order of id* whose running sum exceeds `u W`: that
 *    needs no sorting anywhere.
 *
 * Tokens whose logit is NaN are out. Nothing is allocated per draw.
 *
 * @module
 */

import { penalize, penalized } from "./penalties.ts";
import { uniformAt } from "./philox.ts";
import { GROUP, SamplerScratch } from "./sampler_scratch.ts";
import { rankKeys, select } from "./sampler_select.ts";
import type { Sampling } from "./sampling_options.ts";

/** Logits from which no token can be drawn. */
export class LogitsError extends RangeError {}

/**
 * Draws the token at `sampling.position`, as this module defines it.
 *
 * @param logits `[V]` in nats, up to a constant. Not changed.
 * @param scratch Of the same V.
 * @returns A token in [0, V).
 * @throws {LogitsError} If no logit is finite, or the mask allows no token.
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  scratch: SamplerScratch = new SamplerScratch(logits.length),
): number {
  const { temperature, topK, topP, minP, position, seed } = sampling;
  const best = adjust(logits, sampling, scratch);
  if (temperature === 0) return best;

  // Min-p alone needs no weight of what it drops; the margin is for rounding.
  const least = topP < 1 || minP <= 0 ? LOWEST : Math.log(minP) - 1e-3;
  const reach = temperature * Math.max(LOWEST, least);
  let n = gather(
    scratch,
    Math.max(scratch.logits[best] + reach, kthFloor(scratch, topK)),
  );
  if (topK > 0 && topK < n) {
    rankKeys(scratch, n);
    n = select(scratch, n, topK, undefined);
  }
  let total = weigh(scratch, n, best, temperature);
  if (topP < 1) {
    // All tokens below this together weigh less than what top-p leaves out.
    n = keepAbove(scratch, n, (1 - topP) * total / n);
    rankKeys(scratch, n);
    const target = Math.max(topP * total, Number.MIN_VALUE);
    n = select(scratch, n, target, scratch.weights);
  }
  if (minP > 0) n = keepAbove(scratch, n, Math.min(minP, 1));
  if (topP < 1 || minP > 0) total = sumOfWeights(scratch.weights, n);
  return walk(scratch, n, uniformAt(position, seed) * total);
}

/** Copies and adjusts the logits; returns the lowest of the likeliest tokens. */
function adjust(
  logits: Float32Array,
  sampling: Sampling,
  { logits: x, groups }: SamplerScratch,
): number {
  x.set(logits);
  if (penalized(sampling)) penalize(x, sampling.counts, sampling);
  for (const [token, bias] of sampling.logitBias) {
    if (token < x.length) x[token] += bias;
  }
  if (sampling.mask !== undefined) forbid(x, sampling.mask);

  let best = -1, max = -Infinity;
  for (let g = 0, start = 0; start < x.length; g++, start += GROUP) {
    const end = Math.min(start + GROUP, x.length);
    let highest = -Infinity;
    for (let i = start; i < end; i++) if (x[i] > highest) highest = x[i];
    groups[g] = highest;
    if (highest > max) {
      max = highest;
      best = start;
    }
  }
  if (best < 0 || max === Infinity) {
    throw new LogitsError(`Cannot sample: the largest logit is ${max}`);
  }
  while (x[best] !== max) best++;
  return best;
}

/**
 * Takes out what a mask forbids, by words: most are all of one bit, and what a
 * string of JSON cannot hold is few tokens here and there.
 */
function forbid(x: Float32Array, mask: Uint32Array): void {
  const { length } = x;
  for (let start = 0; start < length; start += 32) {
    let end = start;
    while (end < length && mask[end >>> 5] === 0) end += 32;
    if (end > start) {
      x.fill(-Infinity, start, end);
      start = end - 32;
      continue;
    }
    for (let out = ~mask[start >>> 5]; out !== 0; out &= out - 1) {
      const i = start + 31 - Math.clz32(out & -out);
      if (i < length) x[i] = -Infinity;
    }
  }
}

/**
 * A logit that the k-th likeliest token at least has, if that is cheap to tell:
 * the k-th of the groups' largest ones.
 */
function kthFloor({ groups, sorted }: SamplerScratch, k: number): number {
  if (k <= 0 || k > groups.length) return -Infinity;
  sorted.set(groups);
  sorted.sort();
  return sorted[sorted.length - k];
}

/** Lists the tokens whose logit is at least `floor`, by id; returns how many. */
function gather({ logits: x, ids }: SamplerScratch, floor: number): number {
  let n = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i] >= floor) ids[n++] = i;
  }
  return n;
}

/** Fills in the weights of n candidates; returns their sum. */
function weigh(
  { logits: x, ids, weights }: SamplerScratch,
  n: number,
  best: number,
  temperature: number,
): number {
  const max = x[best], scale = Math.LOG2E / temperature;
  let total = 0;
  for (let i = 0; i < n; i++) {
    weights[i] = exp2((x[ids[i]] - max) * scale);
    total += weights[i];
  }
  return total;
}

/** Drops the candidates that weigh less than `floor`; returns how many stay. */
function keepAbove(
  { ids, weights }: SamplerScratch,
  n: number,
  floor: number,
): number {
  let kept = 0;
  for (let i = 0; i < n; i++) {
    if (weights[i] < floor) continue;
    ids[kept] = ids[i];
    weights[kept++] = weights[i];
  }
  return kept;
}

function sumOfWeights(weights: Float32Array, n: number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i];
  return total;
}

/** The first candidate whose running sum exceeds `target`, or the last one. */
function walk(
  { ids, weights }: SamplerScratch,
  n: number,
  target: number,
): number {
  let seen = 0;
  for (let i = 0; i < n; i++) {
    seen += weights[i];
    if (seen > target) return ids[i];
  }
  return ids[n - 1];
}

/** The least z of a candidate. */
const LOWEST = -32;

/** Steps to each power of two in {@linkcode POWERS_OF_TWO}. */
const POWER_STEPS = 64;

/** 2^(−k / 64) for as far as {@linkcode LOWEST} reaches. */
const POWERS_OF_TWO = Float64Array.from(
  { length: 47 * POWER_STEPS + 1 },
  (_, k) => 2 ** (-k / POWER_STEPS),
);

/**
 * 2ʸ for y in [−47, 0] within 4·10⁻¹¹: the nearest power of the table times the
 * Taylor polynomial of degree 3. Faster than `Math.exp`, and the same bits in
 * every JavaScript engine, which the standard does not ask of that.
 */
function exp2(y: number): number {
  const k = (0.5 - y * POWER_STEPS) | 0;
  const t = (y + k / POWER_STEPS) * Math.LN2;
  return POWERS_OF_TWO[k] * (1 + t * (1 + t * (1 / 2 + t * (1 / 6))));
}
