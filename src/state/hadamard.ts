/**
 * The Walsh–Hadamard transform of 64 numbers, its own inverse.
 *
 * A key axis spread over all 64 coefficients has no outliers, so that one scale a
 * row loses half as much as it would without.
 *
 * Two passes of three stages (strides 1, 2, 4, then 8, 16, 32, then `/ 8`), eight
 * numbers in locals at a time. Each sum is rounded to f32 at once and in this
 * order: the bytes of a save depend on it.
 *
 * @module
 */

import { N } from "../model/shape.ts";

const half = new Float32Array(N);

/** Transforms `N` numbers of `from` at `at` into `to` at `into`. */
export function hadamard(
  from: Float32Array,
  at: number,
  to: Float32Array,
  into: number,
): void {
  for (let i = 0; i < N; i += 8) {
    eight(from, at + i, 1, half, i, 1, 1);
  }
  for (let i = 0; i < 8; i++) {
    eight(half, i, 8, to, into + i, 8, 1 / 8);
  }
}

const { fround } = Math;

function eight(
  from: Float32Array,
  at: number,
  step: number,
  to: Float32Array,
  into: number,
  stride: number,
  scale: number,
): void {
  const x0 = from[at], x1 = from[at + step];
  const x2 = from[at + 2 * step], x3 = from[at + 3 * step];
  const x4 = from[at + 4 * step], x5 = from[at + 5 * step];
  const x6 = from[at + 6 * step], x7 = from[at + 7 * step];
  const a0 = fround(x0 + x1), a1 = fround(x0 - x1);
  const a2 = fround(x2 + x3), a3 = fround(x2 - x3);
  const a4 = fround(x4 + x5), a5 = fround(x4 - x5);
  const a6 = fround(x6 + x7), a7 = fround(x6 - x7);
  const b0 = fround(a0 + a2), b2 = fround(a0 - a2);
  const b1 = fround(a1 + a3), b3 = fround(a1 - a3);
  const b4 = fround(a4 + a6), b6 = fround(a4 - a6);
  const b5 = fround(a5 + a7), b7 = fround(a5 - a7);
  to[into] = fround(b0 + b4) * scale;
  to[into + stride] = fround(b1 + b5) * scale;
  to[into + 2 * stride] = fround(b2 + b6) * scale;
  to[into + 3 * stride] = fround(b3 + b7) * scale;
  to[into + 4 * stride] = fround(b0 - b4) * scale;
  to[into + 5 * stride] = fround(b1 - b5) * scale;
  to[into + 6 * stride] = fround(b2 - b6) * scale;
  to[into + 7 * stride] = fround(b3 - b7) * scale;
}
