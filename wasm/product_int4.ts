/**
 * Y = X Wᵀ for one panel of INT4 weights and quantised activations.
 *
 * Formula: a weight is t n + o; y[m, r] = Σ_blocks (t s (Σ_k n a) + o (s Σ_k a)) with
 * s the activations' scale and a their integers, sums over the 64 columns in
 * integers and sums over blocks in f32, ascending.
 *
 * Idea: as product_int8.ts, with the roles of the dot product exchanged: nibbles
 * are the u7, and activations of 8 bits the i8. One vector of weights unpacks to 4 rows of columns 0 to 3 and the
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
    for (; m + 6 <= rows; m += 6) {
      tile6(block, scratch, at, xStride, to, yStride);
      tile6(block + 32, scratch + 32, at, xStride, to + 32, yStride);
      at += 6 * xStride;
      to += 6 * yStride;
    }
    for (; m + 3 <= rows; m += 3) {
      tile3(block, scratch, at, xStride, to, yStride);
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
function finish(header: usize, x: usize, integers: v128, y: usize): void {
  const h = v128.load(header);
  const scale = f32x4.mul(
    v128.and(h, i32x4.splat(0xffff0000)),
    v128.load32_splat(x),
  );
  const sum = f32x4.convert_i32x4_s(integers);
  const product = madd(sum, scale, v128.load(y));
  v128.store(
    y,
    madd(i32x4.shl(h, 16), v128.load32_splat(x + 4), product),
  );
}

/** One row of X by a block of 16 rows of W. */
function row(header: usize, x: usize, y: usize): void {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  let w = header + 64;
  for (let end = x + 64; x < end; x += 8) {
    const s = v128.load32_splat(x), t = v128.load32_splat(x + 4);
    let p = v128.load(w);
    a = dot(late(p), t, dot(early(p), s, a));
    p = v128.load(w + 16);
    b = dot(late(p), t, dot(early(p), s, b));
    p = v128.load(w + 32);
    c = dot(late(p), t, dot(early(p), s, c));
    p = v128.load(w + 48);
    d = dot(late(p), t, dot(early(p), s, d));
    w += 64;
  }
  finish(header, x + 64, a, y);
  finish(header + 16, x + 64, b, y + 16);
  finish(header + 32, x + 64, c, y + 32);
  finish(header + 48, x + 64, d, y + 48);
}

/** Three rows of X by a block of 16 rows of W: 12 sums. */
function tile3(
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
    a0 = dot(p, s, a0);
    a1 = dot(p, t, a1);
    a2 = dot(p, u, a2);
    p = v128.load(w + 16);
    b0 = dot(p, s, b0);
    b1 = dot(p, t, b1);
    b2 = dot(p, u, b2);
    p = v128.load(w + 32);
    c0 = dot(p, s, c0);
    c1 = dot(p, t, c1);
    c2 = dot(p, u, c2);
    p = v128.load(w + 48);
    d0 = dot(p, s, d0);
    d1 = dot(p, t, d1);
    d2 = dot(p, u, d2);
    w += 64;
    x1 += 4;
    x2 += 4;
  }
  finishRow(header, x0 + 64, a0, b0, c0, d0, y);
  y += yStride;
  finishRow(header, x1 + 64, a1, b1, c1, d1, y);
  y += yStride;
  finishRow(header, x2 + 64, a2, b2, c2, d2, y);
}

@inline
function finishRow(
  header: usize,
  x: usize,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  y: usize,
): void {
  finish(header, x, a, y);
  finish(header + 16, x, b, y + 16);
  finish(header + 32, x, c, y + 32);
  finish(header + 48, x, d, y + 48);
}

/** Six rows of X by a block of 8 rows of W, half a panel: 12 sums. */
function tile6(
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
    a0 = dot(p, s, a0);
    b0 = dot(q, s, b0);
    s = v128.load32_splat(x1);
    a1 = dot(p, s, a1);
    b1 = dot(q, s, b1);
    s = v128.load32_splat(x2);
    a2 = dot(p, s, a2);
    b2 = dot(q, s, b2);
    s = v128.load32_splat(x3);
    a3 = dot(p, s, a3);
    b3 = dot(q, s, b3);
    s = v128.load32_splat(x4);
    a4 = dot(p, s, a4);
    b4 = dot(q, s, b4);
    s = v128.load32_splat(x5);
    a5 = dot(p, s, a5);
    b5 = dot(q, s, b5);
    w += 64;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    x4 += 4;
    x5 += 4;
  }
  finish(header, x0 + 64, a0, y);
  finish(header + 16, x0 + 64, b0, y + 16);
  y += yStride;
  finish(header, x1 + 64, a1, y);
  finish(header + 16, x1 + 64, b1, y + 16);
  y += yStride;
  finish(header, x2 + 64, a2, y);
  finish(header + 16, x2 + 64, b2, y + 16);
  y += yStride;
  finish(header, x3 + 64, a3, y);
  finish(header + 16, x3 + 64, b3, y + 16);
  y += yStride;
  finish(header, x4 + 64, a4, y);
  finish(header + 16, x4 + 64, b4, y + 16);
  y += yStride;
  finish(header, x5 + 64, a5, y);
  finish(header + 16, x5 + 64, b5, y + 16);
}
