/**
 * Y = X Wᵀ for one panel of INT4 weights and quantised activations.
 *
 * Formula: a weight is t n + o; y[m, r] = Σ_blocks (t s (Σ_k n a) + o (s Σ_k a)) with
 * s the activations' scale and a their integers, sums over the 64 columns in
 * integers and sums over blocks in f32, ascending.
 *
 * Idea: as product_int8.ts, with the roles of the dot product exchanged: nibbles
 * are the u7. One vector of weights unpacks to 4 rows of columns 0 to 3 and the
 * same rows of columns 4 to 7.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";

export function productInt4(
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
    const x1 = x + xStride, x2 = x1 + xStride;
    tile3(panel, blocks, x, x1, x2, y, yStride);
    tile3(panel + 32, blocks, x, x1, x2, y + 32, yStride);
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
function early(p: v128): v128 {
  return v128.and(p, i8x16.splat(15));
}

@inline
function late(p: v128): v128 {
  return v128.and(i32x4.shr_u(p, 4), i8x16.splat(15));
}

@inline
function dot(a: v128, n: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, n, sum);
}

/** Adds a block; `x` is where the activations' scale and sum are. */
@inline
function finish(header: v128, x: usize, high: v128, low: v128, y: v128): v128 {
  const scale = f32x4.mul(
    v128.and(header, i32x4.splat(0xffff0000)),
    v128.load32_splat(x),
  );
  y = f32x4.relaxed_madd(
    f32x4.convert_i32x4_s(i32x4.add(i32x4.shl(high, 7), low)),
    scale,
    y,
  );
  return f32x4.relaxed_madd(
    i32x4.shl(header, 16),
    v128.load32_splat(x + 4),
    y,
  );
}

/** One row of X by 16 rows of W. */
function row(w: usize, blocks: u32, x: usize, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; blocks > 0; blocks--) {
    const header = w;
    let la = i32x4.splat(0), lb = la, lc = la, ld = la;
    let ua = la, ub = la, uc = la, ud = la;
    w += 64;
    for (let end = x + 64; x < end; x += 8) {
      const p = v128.load(w), q = v128.load(w + 16);
      const r = v128.load(w + 32), s = v128.load(w + 48);
      let u = v128.load32_splat(x), l = v128.load32_splat(x + 64);
      let n = early(p);
      ua = dot(u, n, ua);
      la = dot(l, n, la);
      n = early(q);
      ub = dot(u, n, ub);
      lb = dot(l, n, lb);
      n = early(r);
      uc = dot(u, n, uc);
      lc = dot(l, n, lc);
      n = early(s);
      ud = dot(u, n, ud);
      ld = dot(l, n, ld);
      u = v128.load32_splat(x + 4);
      l = v128.load32_splat(x + 68);
      n = late(p);
      ua = dot(u, n, ua);
      la = dot(l, n, la);
      n = late(q);
      ub = dot(u, n, ub);
      lb = dot(l, n, lb);
      n = late(r);
      uc = dot(u, n, uc);
      lc = dot(l, n, lc);
      n = late(s);
      ud = dot(u, n, ud);
      ld = dot(l, n, ld);
      w += 64;
    }
    a = finish(v128.load(header), x + 64, ua, la, a);
    b = finish(v128.load(header + 16), x + 64, ub, lb, b);
    c = finish(v128.load(header + 32), x + 64, uc, lc, c);
    d = finish(v128.load(header + 48), x + 64, ud, ld, d);
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
    const header = w;
    let ua0 = i32x4.splat(0), ua1 = ua0, ua2 = ua0;
    let ub0 = ua0, ub1 = ua0, ub2 = ua0;
    let la0 = ua0, la1 = ua0, la2 = ua0, lb0 = ua0, lb1 = ua0, lb2 = ua0;
    w += 64;
    for (let end = x0 + 64; x0 < end; x0 += 8) {
      const v = v128.load(w), z = v128.load(w + 16);
      let p = early(v), q = early(z);
      let s = v128.load32_splat(x0);
      ua0 = dot(s, p, ua0);
      ub0 = dot(s, q, ub0);
      s = v128.load32_splat(x0 + 64);
      la0 = dot(s, p, la0);
      lb0 = dot(s, q, lb0);
      s = v128.load32_splat(x1);
      ua1 = dot(s, p, ua1);
      ub1 = dot(s, q, ub1);
      s = v128.load32_splat(x1 + 64);
      la1 = dot(s, p, la1);
      lb1 = dot(s, q, lb1);
      s = v128.load32_splat(x2);
      ua2 = dot(s, p, ua2);
      ub2 = dot(s, q, ub2);
      s = v128.load32_splat(x2 + 64);
      la2 = dot(s, p, la2);
      lb2 = dot(s, q, lb2);
      p = late(v);
      q = late(z);
      s = v128.load32_splat(x0 + 4);
      ua0 = dot(s, p, ua0);
      ub0 = dot(s, q, ub0);
      s = v128.load32_splat(x0 + 68);
      la0 = dot(s, p, la0);
      lb0 = dot(s, q, lb0);
      s = v128.load32_splat(x1 + 4);
      ua1 = dot(s, p, ua1);
      ub1 = dot(s, q, ub1);
      s = v128.load32_splat(x1 + 68);
      la1 = dot(s, p, la1);
      lb1 = dot(s, q, lb1);
      s = v128.load32_splat(x2 + 4);
      ua2 = dot(s, p, ua2);
      ub2 = dot(s, q, ub2);
      s = v128.load32_splat(x2 + 68);
      la2 = dot(s, p, la2);
      lb2 = dot(s, q, lb2);
      w += 64;
      x1 += 8;
      x2 += 8;
    }
    const ha = v128.load(header), hb = v128.load(header + 16);
    a0 = finish(ha, x0 + 64, ua0, la0, a0);
    b0 = finish(hb, x0 + 64, ub0, lb0, b0);
    a1 = finish(ha, x1 + 64, ua1, la1, a1);
    b1 = finish(hb, x1 + 64, ub1, lb1, b1);
    a2 = finish(ha, x2 + 64, ua2, la2, a2);
    b2 = finish(hb, x2 + 64, ub2, lb2, b2);
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
