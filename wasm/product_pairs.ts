/**
 * Products with INT8 and INT4 weights for processors that multiply bytes in two
 * steps: pairs to i16, then pairs of those to i32. x86 before AVX-VNNI is one.
 *
 * Formula: those of product_int8.ts and product_int4.ts, to the bit.
 *
 * Idea: the whole dot product costs V8 five instructions there, two of them for a
 * vector of ones that it makes anew each time, and two registers beside its
 * operands. The first step alone is one instruction; the second with ones that stay
 * in a register is two with its addition. Of INT4 weights eight pairs fit an i16
 * (8 · 2 · 15 · 127 < 2¹⁵), so that the second step is taken twice a block. Tiles of
 * 4 rows by 8 have 8 sums and leave registers for the rest.
 *
 * Sums over blocks stay in scratch, row behind row, for rows of Y are often a
 * multiple of 1 KiB apart and would drive each other out of the first cache.
 *
 * Layout: panel.ts and activation.ts; scratch 16 KiB.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";
import { dotPairs, madd } from "./fused";
import { kept } from "./half";
import { INT4_BLOCK, INT8_BLOCK } from "./panel";
import { early, late, NIBBLES, unpack } from "./nibbles";

/** Where unpacked weights and sums lie in scratch, behind the constants of `kept`. */
const UNPACKED: usize = 64, SUMS: usize = 2048;

/** Rows whose sums fit. */
const STRIP: u32 = 192;

/** Bytes of a row of sums. */
const SUM: usize = 64;

/** A panel of INT8 weights; see productInt8. */
export function int8Pairs(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  const ones = kept(scratch, 0x00010001);
  const sums = scratch + SUMS;
  const end = panel + columns / 64 * INT8_BLOCK;
  for (let first: u32 = 0; first < rows; first += STRIP) {
    const count = min(STRIP, rows - first);
    memory.fill(sums, 0, count * SUM);
    let from = x + first * xStride;
    for (let block = panel; block < end; block += INT8_BLOCK) {
      const w = block + 64;
      let at = from, to = sums;
      let m: u32 = 0;
      for (; m + 4 <= count; m += 4) {
        tile4Int8(block, w, at, xStride, to, ones);
        tile4Int8(block + 32, w + 32, at, xStride, to + 32, ones);
        at += 4 * xStride;
        to += 4 * SUM;
      }
      for (; m < count; m++) {
        rowInt8(block, at, to, ones);
        at += xStride;
        to += SUM;
      }
      from += ACTIVATION_BLOCK;
    }
    deliver(sums, count, y + first * yStride, yStride);
  }
}

/** A panel of INT4 weights; see productInt4. */
export function int4Pairs(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  const ones = kept(scratch, 0x00010001), mask = kept(scratch + 4, NIBBLES);
  const sums = scratch + SUMS, w = scratch + UNPACKED;
  const end = panel + columns / 64 * INT4_BLOCK;
  for (let first: u32 = 0; first < rows; first += STRIP) {
    const count = min(STRIP, rows - first);
    memory.fill(sums, 0, count * SUM);
    let from = x + first * xStride;
    for (let block = panel; block < end; block += INT4_BLOCK) {
      let at = from, to = sums;
      let m: u32 = 0;
      if (count >= 4) unpack(block + 64, w, mask);
      for (; m + 4 <= count; m += 4) {
        tile4Int4(block, w, at, xStride, to, ones);
        tile4Int4(block + 32, w + 32, at, xStride, to + 32, ones);
        at += 4 * xStride;
        to += 4 * SUM;
      }
      for (; m < count; m++) {
        rowInt4(block, at, to, ones, mask);
        at += xStride;
        to += SUM;
      }
      from += ACTIVATION_BLOCK;
    }
    deliver(sums, count, y + first * yStride, yStride);
  }
}

/** Sums to Y. */
function deliver(sums: usize, rows: u32, y: usize, yStride: usize): void {
  for (let m: u32 = 0; m < rows; m++) {
    v128.store(y, v128.load(sums));
    v128.store(y, v128.load(sums, 16), 16);
    v128.store(y, v128.load(sums, 32), 32);
    v128.store(y, v128.load(sums, 48), 48);
    sums += SUM;
    y += yStride;
  }
}

/** The scale of four rows of a block. */
@inline
function scaleOf(header: usize): v128 {
  return v128.and(v128.load(header), i32x4.splat(0xffff0000));
}

/** What takes back the offset of INT8's activations, in four rows of a block. */
@inline
function offsetInt8(header: usize, scale: v128): v128 {
  const sums = i32x4.shr_s(i32x4.shl(v128.load(header), 16), 16);
  return f32x4.mul(scale, f32x4.convert_i32x4_s(sums));
}

/** The offset of INT4's weights, in four rows of a block. */
@inline
function offsetInt4(header: usize): v128 {
  return i32x4.shl(v128.load(header), 16);
}

/** Adds four rows of a block to Y; `x` has the activations' scale and offset or sum. */
@inline
function finish(
  scale: v128,
  offset: v128,
  x: usize,
  integers: v128,
  y: usize,
): void {
  const both = f32x4.mul(scale, v128.load32_splat(x));
  const product = madd(f32x4.convert_i32x4_s(integers), both, v128.load(y));
  v128.store(y, madd(offset, v128.load32_splat(x, 4), product));
}

/** The second step, and the sum. */
@inline
function widened(pairs: v128, ones: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(pairs, ones));
}

@inline
function dotInt8(w: v128, a: v128, ones: v128, sum: v128): v128 {
  return widened(dotPairs(w, a), ones, sum);
}

/** The first step and its sum in i16: of INT4's weights alone. */
@inline
function dotInt4(w: v128, a: v128, sum: v128): v128 {
  return i16x8.add(sum, dotPairs(a, w));
}

/** Four rows of X by a block of 8 rows of W, half a panel. */
function tile4Int8(
  header: usize,
  w: usize,
  x0: usize,
  xStride: usize,
  y: usize,
  ones: v128,
): void {
  let x1 = x0 + xStride;
  let x2 = x1 + xStride;
  let x3 = x2 + xStride;
  let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (let end = x0 + 64; x0 < end; x0 += 4) {
    const p = v128.load(w), q = v128.load(w, 16);
    let s = v128.load32_splat(x0);
    a0 = dotInt8(p, s, ones, a0);
    b0 = dotInt8(q, s, ones, b0);
    s = v128.load32_splat(x1);
    a1 = dotInt8(p, s, ones, a1);
    b1 = dotInt8(q, s, ones, b1);
    s = v128.load32_splat(x2);
    a2 = dotInt8(p, s, ones, a2);
    b2 = dotInt8(q, s, ones, b2);
    s = v128.load32_splat(x3);
    a3 = dotInt8(p, s, ones, a3);
    b3 = dotInt8(q, s, ones, b3);
    w += 64;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  const s0 = scaleOf(header), s1 = scaleOf(header + 16);
  const o0 = offsetInt8(header, s0), o1 = offsetInt8(header + 16, s1);
  finish(s0, o0, x0, a0, y);
  finish(s1, o1, x0, b0, y + 16);
  finish(s0, o0, x1, a1, y + 64);
  finish(s1, o1, x1, b1, y + 80);
  finish(s0, o0, x2, a2, y + 128);
  finish(s1, o1, x2, b2, y + 144);
  finish(s0, o0, x3, a3, y + 192);
  finish(s1, o1, x3, b3, y + 208);
}

/** One row of X by a block of 16 rows of W. */
function rowInt8(header: usize, x: usize, y: usize, ones: v128): void {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  let w = header + 64;
  for (let end = x + 64; x < end; x += 4) {
    const s = v128.load32_splat(x);
    a = dotInt8(v128.load(w), s, ones, a);
    b = dotInt8(v128.load(w, 16), s, ones, b);
    c = dotInt8(v128.load(w, 32), s, ones, c);
    d = dotInt8(v128.load(w, 48), s, ones, d);
    w += 64;
  }
  finishInt8(header, x, a, y);
  finishInt8(header + 16, x, b, y + 16);
  finishInt8(header + 32, x, c, y + 32);
  finishInt8(header + 48, x, d, y + 48);
}

@inline
function finishInt8(header: usize, x: usize, sum: v128, y: usize): void {
  const scale = scaleOf(header);
  finish(scale, offsetInt8(header, scale), x, sum, y);
}

/** Four rows of X by an unpacked block of 8 rows of W, half a panel. */
function tile4Int4(
  header: usize,
  w: usize,
  x0: usize,
  xStride: usize,
  y: usize,
  ones: v128,
): void {
  let x1 = x0 + xStride;
  let x2 = x1 + xStride;
  let x3 = x2 + xStride;
  const zero = i32x4.splat(0);
  let A0 = zero, A1 = zero, A2 = zero, A3 = zero;
  let B0 = zero, B1 = zero, B2 = zero, B3 = zero;
  for (let half = x0 + 32, all = x0 + 64; half <= all; half += 32) {
    let a0 = zero, a1 = zero, a2 = zero, a3 = zero;
    let b0 = zero, b1 = zero, b2 = zero, b3 = zero;
    for (; x0 < half; x0 += 4) {
      const p = v128.load(w), q = v128.load(w, 16);
      let s = v128.load32_splat(x0);
      a0 = dotInt4(p, s, a0);
      b0 = dotInt4(q, s, b0);
      s = v128.load32_splat(x1);
      a1 = dotInt4(p, s, a1);
      b1 = dotInt4(q, s, b1);
      s = v128.load32_splat(x2);
      a2 = dotInt4(p, s, a2);
      b2 = dotInt4(q, s, b2);
      s = v128.load32_splat(x3);
      a3 = dotInt4(p, s, a3);
      b3 = dotInt4(q, s, b3);
      w += 64;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    A0 = widened(a0, ones, A0);
    B0 = widened(b0, ones, B0);
    A1 = widened(a1, ones, A1);
    B1 = widened(b1, ones, B1);
    A2 = widened(a2, ones, A2);
    B2 = widened(b2, ones, B2);
    A3 = widened(a3, ones, A3);
    B3 = widened(b3, ones, B3);
  }
  const s0 = scaleOf(header), s1 = scaleOf(header + 16);
  const o0 = offsetInt4(header), o1 = offsetInt4(header + 16);
  finish(s0, o0, x0, A0, y);
  finish(s1, o1, x0, B0, y + 16);
  finish(s0, o0, x1, A1, y + 64);
  finish(s1, o1, x1, B1, y + 80);
  finish(s0, o0, x2, A2, y + 128);
  finish(s1, o1, x2, B2, y + 144);
  finish(s0, o0, x3, A3, y + 192);
  finish(s1, o1, x3, B3, y + 208);
}

/** One row of X by a block of 16 rows of W, as it lies. */
function rowInt4(
  header: usize,
  x: usize,
  y: usize,
  ones: v128,
  mask: v128,
): void {
  const zero = i32x4.splat(0);
  let A = zero, B = zero, C = zero, D = zero;
  let w = header + 64;
  for (let half = x + 32, all = x + 64; half <= all; half += 32) {
    let a = zero, b = zero, c = zero, d = zero;
    for (; x < half; x += 8) {
      const s = v128.load32_splat(x), t = v128.load32_splat(x, 4);
      let p = v128.load(w);
      a = dotInt4(late(p, mask), t, dotInt4(early(p, mask), s, a));
      p = v128.load(w, 16);
      b = dotInt4(late(p, mask), t, dotInt4(early(p, mask), s, b));
      p = v128.load(w, 32);
      c = dotInt4(late(p, mask), t, dotInt4(early(p, mask), s, c));
      p = v128.load(w, 48);
      d = dotInt4(late(p, mask), t, dotInt4(early(p, mask), s, d));
      w += 64;
    }
    A = widened(a, ones, A);
    B = widened(b, ones, B);
    C = widened(c, ones, C);
    D = widened(d, ones, D);
  }
  finishInt4(header, x, A, y);
  finishInt4(header + 16, x, B, y + 16);
  finishInt4(header + 32, x, C, y + 32);
  finishInt4(header + 48, x, D, y + 48);
}

@inline
function finishInt4(header: usize, x: usize, sum: v128, y: usize): void {
  finish(scaleOf(header), offsetInt4(header), x, sum, y);
}
