/**
 * Y = X Wᵀ for one panel of INT4 weights and quantised activations.
 *
 * Formula: a weight is t n + o; y[m, r] = Σ_blocks (t s (Σ_k n a) + o (s Σ_k a)) with
 * s the activations' scale and a their integers, sums over the 64 columns in
 * integers and sums over blocks in f32, ascending.
 *
 * Idea: as product_int8.ts, with the roles of the dot product exchanged: nibbles
 * are the u7. One vector of weights unpacks to 4 rows of columns 0 to 3 and the
 * same rows of columns 4 to 7. Several rows of X unpack a block once, to scratch.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";
import { dotAdd, madd } from "./fused";
import { INT4_BLOCK } from "./panel";

export function productInt4(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  for (let m: u32 = 0; m < rows; m++) memory.fill(y + m * yStride, 0, 64);
  const end = panel + columns / 64 * INT4_BLOCK;
  for (let block = panel; block < end; block += INT4_BLOCK) {
    let at = x, to = y;
    let m: u32 = 0;
    if (rows >= 3) unpack(block + 64, scratch);
    for (; m + 3 <= rows; m += 3) {
      tile3(block, scratch, at, xStride, to, yStride);
      tile3(block + 32, scratch + 32, at, xStride, to + 32, yStride);
      at += 3 * xStride;
      to += 3 * yStride;
    }
    for (; m < rows; m++) {
      row(block, at, to);
      at += xStride;
      to += yStride;
    }
    x += ACTIVATION_BLOCK;
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

/** A block's nibbles as bytes, 4 columns of 16 rows after the other. */
function unpack(w: usize, to: usize): void {
  for (let end = w + 512; w < end; w += 64) {
    for (let i: usize = 0; i < 64; i += 16) {
      const p = v128.load(w + i);
      v128.store(to + i, early(p));
      v128.store(to + i + 64, late(p));
    }
    to += 128;
  }
}

@inline
function dot(n: v128, a: v128, sum: v128): v128 {
  return dotAdd(a, n, sum);
}

/** Adds four rows of a block to Y; `x` has the activations' scale and sum. */
@inline
function finish(header: usize, x: usize, high: v128, low: v128, y: usize): void {
  const h = v128.load(header);
  const scale = f32x4.mul(
    v128.and(h, i32x4.splat(0xffff0000)),
    v128.load32_splat(x),
  );
  const sum = f32x4.convert_i32x4_s(i32x4.add(i32x4.shl(high, 7), low));
  const product = madd(sum, scale, v128.load(y));
  v128.store(
    y,
    madd(i32x4.shl(h, 16), v128.load32_splat(x + 4), product),
  );
}

/** One row of X by a block of 16 rows of W. */
function row(header: usize, x: usize, y: usize): void {
  let ua = i32x4.splat(0), ub = ua, uc = ua, ud = ua;
  let la = ua, lb = ua, lc = ua, ld = ua;
  let w = header + 64;
  for (let end = x + 64; x < end; x += 8) {
    const u = v128.load32_splat(x), l = v128.load32_splat(x + 64);
    const v = v128.load32_splat(x + 4), k = v128.load32_splat(x + 68);
    let p = v128.load(w);
    let n = early(p);
    ua = dot(n, u, ua);
    la = dot(n, l, la);
    n = late(p);
    ua = dot(n, v, ua);
    la = dot(n, k, la);
    p = v128.load(w + 16);
    n = early(p);
    ub = dot(n, u, ub);
    lb = dot(n, l, lb);
    n = late(p);
    ub = dot(n, v, ub);
    lb = dot(n, k, lb);
    p = v128.load(w + 32);
    n = early(p);
    uc = dot(n, u, uc);
    lc = dot(n, l, lc);
    n = late(p);
    uc = dot(n, v, uc);
    lc = dot(n, k, lc);
    p = v128.load(w + 48);
    n = early(p);
    ud = dot(n, u, ud);
    ld = dot(n, l, ld);
    n = late(p);
    ud = dot(n, v, ud);
    ld = dot(n, k, ld);
    w += 64;
  }
  finish(header, x + 64, ua, la, y);
  finish(header + 16, x + 64, ub, lb, y + 16);
  finish(header + 32, x + 64, uc, lc, y + 32);
  finish(header + 48, x + 64, ud, ld, y + 48);
}

/** Three rows of X by a block of 8 rows of W, half a panel: 12 integer sums. */
function tile3(
  header: usize,
  w: usize,
  x0: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
): void {
  let x1 = x0 + xStride, x2 = x1 + xStride;
  let ua0 = i32x4.splat(0), ua1 = ua0, ua2 = ua0;
  let ub0 = ua0, ub1 = ua0, ub2 = ua0;
  let la0 = ua0, la1 = ua0, la2 = ua0;
  let lb0 = ua0, lb1 = ua0, lb2 = ua0;
  for (let end = x0 + 64; x0 < end; x0 += 4) {
    const p = v128.load(w), q = v128.load(w + 16);
    let s = v128.load32_splat(x0);
    ua0 = dot(p, s, ua0);
    ub0 = dot(q, s, ub0);
    s = v128.load32_splat(x0 + 64);
    la0 = dot(p, s, la0);
    lb0 = dot(q, s, lb0);
    s = v128.load32_splat(x1);
    ua1 = dot(p, s, ua1);
    ub1 = dot(q, s, ub1);
    s = v128.load32_splat(x1 + 64);
    la1 = dot(p, s, la1);
    lb1 = dot(q, s, lb1);
    s = v128.load32_splat(x2);
    ua2 = dot(p, s, ua2);
    ub2 = dot(q, s, ub2);
    s = v128.load32_splat(x2 + 64);
    la2 = dot(p, s, la2);
    lb2 = dot(q, s, lb2);
    w += 64;
    x1 += 4;
    x2 += 4;
  }
  finish(header, x0 + 64, ua0, la0, y);
  finish(header + 16, x0 + 64, ub0, lb0, y + 16);
  y += yStride;
  finish(header, x1 + 64, ua1, la1, y);
  finish(header + 16, x1 + 64, ub1, lb1, y + 16);
  y += yStride;
  finish(header, x2 + 64, ua2, la2, y);
  finish(header + 16, x2 + 64, ub2, lb2, y + 16);
}
