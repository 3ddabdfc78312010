/**
 * What products with INT8 and INT4 weights share: a block of a panel by one row of
 * quantised activations or several.
 *
 * Formula: sums over the 64 columns of a block are integers, y += t s Σ q a + b with
 * t the weights' scale, s the activations', and b what takes back an offset: of
 * INT8's activations, o_a t Σ q; of INT4's weights, o_w s Σ a.
 *
 * Idea: the dot product takes an i8 and a u7. `T` tells which of them the weights
 * are: i8 or u8. Twelve integer sums stay in registers, and a block of weights is
 * used by all rows while it is in the first cache.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { dotAdd, madd } from "./fused";

@inline
export function dot<T>(w: v128, a: v128, sum: v128): v128 {
  return isSigned<T>() ? dotAdd(w, a, sum) : dotAdd(a, w, sum);
}

/** Adds four rows of a block to Y; `x` has the activations' scale and offset or sum. */
@inline
export function finish<T>(
  header: usize,
  x: usize,
  integers: v128,
  y: usize,
): void {
  const h = v128.load(header);
  const weight = v128.and(h, i32x4.splat(0xffff0000));
  const scale = f32x4.mul(weight, v128.load32_splat(x));
  const sum = f32x4.convert_i32x4_s(integers);
  const product = madd(sum, scale, v128.load(y));
  const low = i32x4.shl(h, 16);
  const offset = isSigned<T>()
    ? f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.shr_s(low, 16)))
    : low;
  v128.store(y, madd(offset, v128.load32_splat(x + 4), product));
}

/** Three rows of X by a block of 16 rows of W: 12 sums. */
export function tile3<T>(
  header: usize,
  w: usize,
  x0: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
): void {
  let x1 = x0 + xStride, x2 = x1 + xStride;
  let a0 = i32x4.splat(0), a1 = a0, a2 = a0;
  let b0 = a0, b1 = a0, b2 = a0;
  let c0 = a0, c1 = a0, c2 = a0;
  let d0 = a0, d1 = a0, d2 = a0;
  for (let end = x0 + 64; x0 < end; x0 += 4) {
    const s = v128.load32_splat(x0), t = v128.load32_splat(x1);
    const u = v128.load32_splat(x2);
    let p = v128.load(w);
    a0 = dot<T>(p, s, a0);
    a1 = dot<T>(p, t, a1);
    a2 = dot<T>(p, u, a2);
    p = v128.load(w + 16);
    b0 = dot<T>(p, s, b0);
    b1 = dot<T>(p, t, b1);
    b2 = dot<T>(p, u, b2);
    p = v128.load(w + 32);
    c0 = dot<T>(p, s, c0);
    c1 = dot<T>(p, t, c1);
    c2 = dot<T>(p, u, c2);
    p = v128.load(w + 48);
    d0 = dot<T>(p, s, d0);
    d1 = dot<T>(p, t, d1);
    d2 = dot<T>(p, u, d2);
    w += 64;
    x1 += 4;
    x2 += 4;
  }
  finishRow<T>(header, x0, a0, b0, c0, d0, y);
  y += yStride;
  finishRow<T>(header, x1, a1, b1, c1, d1, y);
  y += yStride;
  finishRow<T>(header, x2, a2, b2, c2, d2, y);
}

@inline
function finishRow<T>(
  header: usize,
  x: usize,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  y: usize,
): void {
  finish<T>(header, x, a, y);
  finish<T>(header + 16, x, b, y + 16);
  finish<T>(header + 32, x, c, y + 32);
  finish<T>(header + 48, x, d, y + 48);
}

/** Six rows of X by a block of 8 rows of W, half a panel: 12 sums. */
export function tile6<T>(
  header: usize,
  w: usize,
  x0: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
): void {
  let x1 = x0 + xStride;
  let x2 = x1 + xStride;
  let x3 = x2 + xStride;
  let x4 = x3 + xStride;
  let x5 = x4 + xStride;
  let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
  for (let end = x0 + 64; x0 < end; x0 += 4) {
    const p = v128.load(w), q = v128.load(w + 16);
    let s = v128.load32_splat(x0);
    a0 = dot<T>(p, s, a0);
    b0 = dot<T>(q, s, b0);
    s = v128.load32_splat(x1);
    a1 = dot<T>(p, s, a1);
    b1 = dot<T>(q, s, b1);
    s = v128.load32_splat(x2);
    a2 = dot<T>(p, s, a2);
    b2 = dot<T>(q, s, b2);
    s = v128.load32_splat(x3);
    a3 = dot<T>(p, s, a3);
    b3 = dot<T>(q, s, b3);
    s = v128.load32_splat(x4);
    a4 = dot<T>(p, s, a4);
    b4 = dot<T>(q, s, b4);
    s = v128.load32_splat(x5);
    a5 = dot<T>(p, s, a5);
    b5 = dot<T>(q, s, b5);
    w += 64;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    x4 += 4;
    x5 += 4;
  }
  finish<T>(header, x0, a0, y);
  finish<T>(header + 16, x0, b0, y + 16);
  y += yStride;
  finish<T>(header, x1, a1, y);
  finish<T>(header + 16, x1, b1, y + 16);
  y += yStride;
  finish<T>(header, x2, a2, y);
  finish<T>(header + 16, x2, b2, y + 16);
  y += yStride;
  finish<T>(header, x3, a3, y);
  finish<T>(header + 16, x3, b3, y + 16);
  y += yStride;
  finish<T>(header, x4, a4, y);
  finish<T>(header + 16, x4, b4, y + 16);
  y += yStride;
  finish<T>(header, x5, a5, y);
  finish<T>(header + 16, x5, b5, y + 16);
}
