/**
 * exp, sigmoid and tanh of four f32 at once, within 2 ulp.
 *
 * Formula: x = n ln 2 + r with |r| ≤ ln 2 / 2; eʳ − 1 by its Taylor polynomial of
 * degree 7, whose remainder is below 6e-9; eˣ = 2ⁿ + 2ⁿ (eʳ − 1). tanh uses
 * e²ˣ − 1 assembled without cancelling, so small x keep all their digits.
 *
 * Idea: ln 2 in two parts (the first with 9 bits, so that n times it is exact)
 * keeps r exact; 2ⁿ is built in the exponent field.
 * Source: the standard reduction; Muller, Elementary Functions, ch. 11.
 * Oracle: Math.exp and Math.tanh, test/device/wasm/exponential_test.ts.
 */

import { madd } from "./fused";

/** x where 2ⁿ still has an exponent: e⁸⁸ is finite, e⁻⁸⁷ is normal. */

@inline
function clamp(x: v128): v128 {
  return f32x4.min(f32x4.max(x, f32x4.splat(-87)), f32x4.splat(88));
}

@inline
function exponent(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
}

/** eʳ − 1, where x = n ln 2 + r. */

@inline
function remainder(x: v128, n: v128): v128 {
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.12194440e-4)));
  let p = f32x4.splat(1.0 / 5040);
  p = madd(p, r, f32x4.splat(1.0 / 720));
  p = madd(p, r, f32x4.splat(1.0 / 120));
  p = madd(p, r, f32x4.splat(1.0 / 24));
  p = madd(p, r, f32x4.splat(1.0 / 6));
  p = madd(p, r, f32x4.splat(0.5));
  return madd(f32x4.mul(r, r), p, r);
}

@inline
function power(n: v128): v128 {
  return i32x4.shl(
    i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)),
    23,
  );
}

/** eˣ. */
export function exp4(x: v128): v128 {
  x = clamp(x);
  const n = exponent(x);
  const scale = power(n);
  return madd(scale, remainder(x, n), scale);
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** With t = e²ˣ − 1: t / (t + 2). */
export function tanh4(x: v128): v128 {
  x = clamp(f32x4.add(x, x));
  x = f32x4.min(x, f32x4.splat(40));
  const n = exponent(x);
  const scale = power(n);
  const t = madd(
    scale,
    remainder(x, n),
    f32x4.sub(scale, f32x4.splat(1)),
  );
  return f32x4.div(t, f32x4.add(t, f32x4.splat(2)));
}

/** One of them over `n` values, a multiple of 4: 0 exp, 1 sigmoid, 2 tanh. */
export function exponential(which: u32, x: usize, y: usize, n: u32): void {
  for (let i: usize = 0; i < n * 4; i += 16) {
    const v = v128.load(x + i);
    v128.store(
      y + i,
      which === 0 ? exp4(v) : which === 1 ? sigmoid4(v) : tanh4(v),
    );
  }
}
