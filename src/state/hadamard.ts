/**
 * The Walsh–Hadamard transform of 64 numbers, its own inverse.
 *
 * A key axis spread over all 64 coefficients has no outliers, so that one scale a
 * row loses half as much as it would without.
 *
 * Two passes of three stages (strides 1, 2, 4, then 8, 16, 32, then `/ 8`), eight
 * numbers in locals at a time. Each sum is rounded to f32 at once and in this
 * order, the last of a pass by being stored: the bytes of a save depend on it.
 *
 * @module
 */

import { N } from "../model/shape.ts";

const half = new Float32Array(N);

const { fround } = Math;

/** Transforms `N` numbers of `from` at `at` into `to` at `into`. */
export function hadamard(
  from: Float32Array,
  at: number,
  to: Float32Array,
  into: number,
): void {
  for (let i = 0, p = at; i < N; i += 8, p += 8) {
    const x0 = from[p], x1 = from[p + 1];
    const x2 = from[p + 2], x3 = from[p + 3];
    const x4 = from[p + 4], x5 = from[p + 5];
    const x6 = from[p + 6], x7 = from[p + 7];
    const a0 = fround(x0 + x1), a1 = fround(x0 - x1);
    const a2 = fround(x2 + x3), a3 = fround(x2 - x3);
    const a4 = fround(x4 + x5), a5 = fround(x4 - x5);
    const a6 = fround(x6 + x7), a7 = fround(x6 - x7);
    const b0 = fround(a0 + a2), b2 = fround(a0 - a2);
    const b1 = fround(a1 + a3), b3 = fround(a1 - a3);
    const b4 = fround(a4 + a6), b6 = fround(a4 - a6);
    const b5 = fround(a5 + a7), b7 = fround(a5 - a7);
    half[i] = b0 + b4;
    half[i + 1] = b1 + b5;
    half[i + 2] = b2 + b6;
    half[i + 3] = b3 + b7;
    half[i + 4] = b0 - b4;
    half[i + 5] = b1 - b5;
    half[i + 6] = b2 - b6;
    half[i + 7] = b3 - b7;
  }
  for (let i = 0, p = into; i < 8; i++, p++) {
    const x0 = half[i], x1 = half[i + 8];
    const x2 = half[i + 16], x3 = half[i + 24];
    const x4 = half[i + 32], x5 = half[i + 40];
    const x6 = half[i + 48], x7 = half[i + 56];
    const a0 = fround(x0 + x1), a1 = fround(x0 - x1);
    const a2 = fround(x2 + x3), a3 = fround(x2 - x3);
    const a4 = fround(x4 + x5), a5 = fround(x4 - x5);
    const a6 = fround(x6 + x7), a7 = fround(x6 - x7);
    const b0 = fround(a0 + a2), b2 = fround(a0 - a2);
    const b1 = fround(a1 + a3), b3 = fround(a1 - a3);
    const b4 = fround(a4 + a6), b6 = fround(a4 - a6);
    const b5 = fround(a5 + a7), b7 = fround(a5 - a7);
    to[p] = (b0 + b4) / 8;
    to[p + 8] = (b1 + b5) / 8;
    to[p + 16] = (b2 + b6) / 8;
    to[p + 24] = (b3 + b7) / 8;
    to[p + 32] = (b0 - b4) / 8;
    to[p + 40] = (b1 - b5) / 8;
    to[p + 48] = (b2 - b6) / 8;
    to[p + 56] = (b3 - b7) / 8;
  }
}
