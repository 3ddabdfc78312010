/**
 * Mean and inverse standard deviation of a row, and the layer norm made of them.
 *
 * Formula: (x − mean) / √(var + ε) · weight + bias, var the mean of squares about
 * the mean.
 *
 * Idea: two passes, four partial sums, always folded in the same order.
 * Source: Ba, Kiros and Hinton, arXiv:1607.06450.
 * Oracle: test/device/wasm/norm_test.ts.
 */

import { madd } from "./fused";

/** Sum of the four lanes. */

@inline
export function fold(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2)) +
    (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

/** The mean of `n` values, a multiple of 16. */
export function mean(x: usize, n: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + n * 4; x < end; x += 64) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x + 16));
    c = f32x4.add(c, v128.load(x + 32));
    d = f32x4.add(d, v128.load(x + 48));
  }
  return fold(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))) / <f32>n;
}

@inline
function square(x: usize, mean: v128, sum: v128): v128 {
  const d = f32x4.sub(v128.load(x), mean);
  return madd(d, d, sum);
}

/** 1 / √(var + ε) of `n` values, a multiple of 16. */
export function inverseDeviation(
  x: usize,
  n: usize,
  mean: f32,
  epsilon: f32,
): f32 {
  const m = f32x4.splat(mean);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + n * 4; x < end; x += 64) {
    a = square(x, m, a);
    b = square(x + 16, m, b);
    c = square(x + 32, m, c);
    d = square(x + 48, m, d);
  }
  const sum = fold(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  return 1 / Mathf.sqrt(sum / <f32>n + epsilon);
}

/** Four values of the norm. */

@inline
export function normalized(
  x: v128,
  mean: v128,
  inverse: v128,
  weight: v128,
  bias: v128,
): v128 {
  return f32x4.add(
    f32x4.mul(f32x4.mul(f32x4.sub(x, mean), inverse), weight),
    bias,
  );
}

/** y = LN(x) over `[from, to)` of a row of `n`; y may be x if that is all of it. */
export function layerNorm(
  x: usize,
  y: usize,
  n: usize,
  from: usize,
  to: usize,
  weight: usize,
  bias: usize,
  epsilon: f32,
): void {
  const centre = mean(x, n);
  const scale = f32x4.splat(inverseDeviation(x, n, centre, epsilon));
  const m = f32x4.splat(centre);
  for (let i = from * 4; i < to * 4; i += 16) {
    v128.store(
      y + i,
      normalized(
        v128.load(x + i),
        m,
        scale,
        v128.load(weight + i),
        v128.load(bias + i),
      ),
    );
  }
}
