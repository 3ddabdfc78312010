/**
 * Y = X Wᵀ for one panel of INT8 weights and quantised activations.
 *
 * Formula: y[m, r] = Σ_blocks t s (Σ_k q[r, k] a[m, k] − 8192 Σ_k q[r, k]) with t
 * the weights' scale, s the activations', sums over the 64 columns in integers and
 * sums over blocks in f32, ascending.
 *
 * Idea: one instruction multiplies 16 weights (4 rows of 4 columns) by 4 spread
 * activations. The sum of low parts starts at −8192 Σ q, which every block carries.
 * Integers do not round, so only the order of blocks matters, and that is fixed.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";

export function productInt8(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
): void {
  const blocks = columns >> 6;
  let m: u32 = 0;
  for (; m + 3 <= rows; m += 3) {
    tile3(panel, blocks, x, x + xStride, x + 2 * xStride, y, yStride);
    tile3(panel + 32, blocks, x, x + xStride, x + 2 * xStride, y + 32, yStride);
    x += 3 * xStride;
    y += 3 * yStride;
  }
  for (; m < rows; m++) {
    row(panel, blocks, x, y);
    x += xStride;
    y += yStride;
  }
}

@inline
function start(header: v128): v128 {
  return i32x4.shl(i32x4.neg(i32x4.shr_s(i32x4.shl(header, 16), 16)), 13);
}

@inline
function finish(
  header: v128,
  scale: v128,
  high: v128,
  low: v128,
  sum: v128,
): v128 {
  return f32x4.relaxed_madd(
    f32x4.convert_i32x4_s(i32x4.add(i32x4.shl(high, 7), low)),
    f32x4.mul(v128.and(header, i32x4.splat(0xffff0000)), scale),
    sum,
  );
}

/** One row of X by 16 rows of W. */
function row(w: usize, blocks: u32, x: usize, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; blocks > 0; blocks--) {
    const ha = v128.load(w), hb = v128.load(w + 16);
    const hc = v128.load(w + 32), hd = v128.load(w + 48);
    let la = start(ha), lb = start(hb), lc = start(hc), ld = start(hd);
    let ua = i32x4.splat(0), ub = ua, uc = ua, ud = ua;
    w += 64;
    for (let end = x + 64; x < end; x += 4) {
      const u = v128.load32_splat(x), l = v128.load32_splat(x + 64);
      let p = v128.load(w);
      ua = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, u, ua);
      la = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, l, la);
      p = v128.load(w + 16);
      ub = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, u, ub);
      lb = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, l, lb);
      p = v128.load(w + 32);
      uc = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, u, uc);
      lc = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, l, lc);
      p = v128.load(w + 48);
      ud = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, u, ud);
      ld = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, l, ld);
      w += 64;
    }
    const scale = v128.load32_splat(x + 64);
    a = finish(ha, scale, ua, la, a);
    b = finish(hb, scale, ub, lb, b);
    c = finish(hc, scale, uc, lc, c);
    d = finish(hd, scale, ud, ld, d);
    x += ACTIVATION_BLOCK - 64;
  }
  v128.store(y, a);
  v128.store(y + 16, b);
  v128.store(y + 32, c);
  v128.store(y + 48, d);
}

/** Three rows of X by 8 rows of W, half a panel: 12 integer sums. */
function tile3(
  w: usize,
  blocks: u32,
  x0: usize,
  x1: usize,
  x2: usize,
  y: usize,
  yStride: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0;
  for (; blocks > 0; blocks--) {
    const ha = v128.load(w), hb = v128.load(w + 16);
    let la0 = start(ha), la1 = la0, la2 = la0;
    let lb0 = start(hb), lb1 = lb0, lb2 = lb0;
    let ua0 = i32x4.splat(0), ua1 = ua0, ua2 = ua0;
    let ub0 = ua0, ub1 = ua0, ub2 = ua0;
    w += 64;
    for (let end = x0 + 64; x0 < end; x0 += 4) {
      const p = v128.load(w), q = v128.load(w + 16);
      let s = v128.load32_splat(x0);
      ua0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, s, ua0);
      ub0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q, s, ub0);
      s = v128.load32_splat(x0 + 64);
      la0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, s, la0);
      lb0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q, s, lb0);
      s = v128.load32_splat(x1);
      ua1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, s, ua1);
      ub1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q, s, ub1);
      s = v128.load32_splat(x1 + 64);
      la1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, s, la1);
      lb1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q, s, lb1);
      s = v128.load32_splat(x2);
      ua2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, s, ua2);
      ub2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q, s, ub2);
      s = v128.load32_splat(x2 + 64);
      la2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p, s, la2);
      lb2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q, s, lb2);
      w += 64;
      x1 += 4;
      x2 += 4;
    }
    const s0 = v128.load32_splat(x0 + 64);
    a0 = finish(ha, s0, ua0, la0, a0);
    b0 = finish(hb, s0, ub0, lb0, b0);
    const s1 = v128.load32_splat(x1 + 64);
    a1 = finish(ha, s1, ua1, la1, a1);
    b1 = finish(hb, s1, ub1, lb1, b1);
    const s2 = v128.load32_splat(x2 + 64);
    a2 = finish(ha, s2, ua2, la2, a2);
    b2 = finish(hb, s2, ub2, lb2, b2);
    x0 += ACTIVATION_BLOCK - 64;
    x1 += ACTIVATION_BLOCK - 64;
    x2 += ACTIVATION_BLOCK - 64;
  }
  v128.store(y, a0);
  v128.store(y + 16, b0);
  v128.store(y + yStride, a1);
  v128.store(y + yStride + 16, b1);
  v128.store(y + 2 * yStride, a2);
  v128.store(y + 2 * yStride + 16, b2);
}
