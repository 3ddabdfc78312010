/**
 * Sampling options as `shaders/adjust.wgsl` and `shaders/draw.wgsl` read them.
 *
 * @module
 */

import { penalized } from "../../text/penalties.ts";
import type { Sampling } from "../../text/sampling_options.ts";
import { PARAMETERS } from "./kernels/sample.ts";

/** Bits of a lane's flags. */
const PENALIZED = 1, BIASED = 2, MASKED = 4;

/** The least f32 that every device tells from zero. */
const LEAST_NORMAL = 2 ** -126;

/** A lane's parameters as words. */
export function packSampling(sampling: Sampling): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(PARAMETERS);
  const { seed, position, temperature } = sampling;
  new Float32Array(words.buffer).set([
    // Divided by: a device may read a subnormal number as zero.
    temperature === 0 ? 0 : Math.max(temperature, LEAST_NORMAL),
    sampling.topP,
    sampling.minP,
    sampling.presencePenalty,
    sampling.frequencyPenalty,
    sampling.penaltyDecay,
  ]);
  words.set([
    sampling.topK,
    (penalized(sampling) ? PENALIZED : 0) |
    (sampling.logitBias.size > 0 ? BIASED : 0) |
    (sampling.mask ? MASKED : 0),
    seed[0],
    seed[1],
    position % 2 ** 32,
    Math.floor(position / 2 ** 32),
  ], 6);
  return words;
}

/** Values by token as a vector, zeros elsewhere. */
export function denseValues(
  values: ReadonlyMap<number, number>,
  V: number,
): Float32Array<ArrayBuffer> {
  const dense = new Float32Array(V);
  for (const [token, value] of values) if (token < V) dense[token] = value;
  return dense;
}

/** Tokens as bits. */
export function tokenBits(
  tokens: Iterable<number>,
  V: number,
): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(Math.ceil(V / 32));
  for (const token of tokens) {
    if (token < V) bits[token >>> 5] |= 1 << (token & 31);
  }
  return bits;
}
