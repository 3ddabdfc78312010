/**
 * Activations in integers, for the products with integer weights.
 *
 * Formula: per 64 values, before INT8 weights s = (max x − min x) / 127 and
 * q = round((x − min x) / s); before INT4 weights s = max |x| / 127 and
 * q = round(x / s).
 *
 * Idea: the dot product of the relaxed SIMD proposal takes an i8 and a u7 and is
 * exact on every machine then. INT8 weights are the i8, so the activations are u7
 * with an offset, and the 128 steps cover just the range of their block: max(y, 0)²
 * loses nothing by the offset. INT4 weights are the u7 and leave 8 bits. The error of
 * 7 bits is twice that of INT8 weights, and a second dot product for 7 more bits
 * takes as long as the first (bench/results/quantization has what either costs).
 *
 * Layout: rows lie in quads, for products take four rows at a time. Per 64 columns
 * of a quad: for each 4 columns 16 bytes, 4 of each row; then, 16 bytes each, a value
 * of each row: f32 s; f32 min x, before INT4 weights s Σ q; and before INT4 weights
 * i32 8 Σ q, and i16 −8 Σ q of the first two columns of every four and of the others
 * (dots.ts). The last quad takes all of its room however few rows it has.
 *
 * Source: github.com/WebAssembly/relaxed-simd, i32x4.relaxed_dot_i8x16_i7x16_add_s.
 * Oracle: test/device/wasm/product_test.ts.
 */

import { foldMax, integers, largest } from "./block";
import { BLOCK } from "./panel";
import { Format } from "./plan";

/** Rows of a quad. */
export const QUAD: u32 = 4;

/** Bytes of 64 quantised columns of a quad. */
export const QUAD_BLOCK: u32 = 320;

/** Where a block of a quad keeps a row's values behind the integers. */
export namespace QuadBlock {
  export const SCALE: usize = 256;
  export const OFFSET: usize = 272;
  export const TOTAL: usize = 288;
  export const PAIRS: usize = 304;
}

/** Bytes of a quantised row, a quarter of a quad. */

@inline
export function activationBytes(columns: u32): u32 {
  return columns / BLOCK * (QUAD_BLOCK / QUAD);
}

/** Where column `first`, a multiple of 64, of row `m` begins. */

@inline
export function quantizedAt(
  rows: usize,
  m: u32,
  columns: u32,
  first: u32,
): usize {
  return rows + (m & ~(QUAD - 1)) * activationBytes(columns) +
    first / BLOCK * QUAD_BLOCK + (m & (QUAD - 1)) * 4;
}

@inline
function narrowed(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(a, b),
    i16x8.narrow_i32x4_s(c, d),
  );
}

/** The bytes of 16 columns to their places. */
@inline
function place(q: usize, bytes: v128): void {
  v128.store32_lane(q, bytes, 0);
  v128.store32_lane(q, bytes, 1, 16);
  v128.store32_lane(q, bytes, 2, 32);
  v128.store32_lane(q, bytes, 3, 48);
}

/**
 * Quantises `columns` values, a multiple of 64, for weights of a format; `q` is of
 * `quantizedAt`.
 */
export function quantize(
  x: usize,
  q: usize,
  columns: u32,
  format: u32,
): void {
  if (format === Format.INT8) quantizeRange(x, q, columns);
  else quantizeBytes(x, q, columns);
}

function quantizeBytes(x: usize, q: usize, columns: u32): void {
  for (let end = x + columns * 4; x < end; x += BLOCK * 4) {
    const most = largest(x);
    const inverse = f32x4.splat(most === 0 ? 0 : 127 / most);
    let sum = i32x4.splat(0);
    for (let i: usize = 0; i < BLOCK; i += 16) {
      const a = integers(x + i * 4, inverse);
      const b = integers(x + i * 4 + 16, inverse);
      const c = integers(x + i * 4 + 32, inverse);
      const d = integers(x + i * 4 + 48, inverse);
      sum = i32x4.add(
        sum,
        i32x4.add(i32x4.add(a, b), i32x4.add(c, d)),
      );
      place(q + i * 4, narrowed(a, b, c, d));
    }
    const scale = most / 127;
    const even = i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1);
    const odd = i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
    store<f32>(q, scale, QuadBlock.SCALE);
    store<f32>(q, scale * <f32>(even + odd), QuadBlock.OFFSET);
    store<i32>(q, 8 * (even + odd), QuadBlock.TOTAL);
    store<i16>(q, <i16>(-8 * even), QuadBlock.PAIRS);
    store<i16>(q, <i16>(-8 * odd), QuadBlock.PAIRS + 2);
    q += QUAD_BLOCK;
  }
}

function quantizeRange(x: usize, q: usize, columns: u32): void {
  for (let end = x + columns * 4; x < end; x += BLOCK * 4) {
    let low4 = v128.load(x), high4 = low4;
    for (let i: usize = 16; i < BLOCK * 4; i += 16) {
      const value = v128.load(x + i);
      low4 = f32x4.min(low4, value);
      high4 = f32x4.max(high4, value);
    }
    const low = -foldMax(f32x4.neg(low4)), range = foldMax(high4) - low;
    const inverse = f32x4.splat(range === 0 ? 0 : 127 / range);
    const least = f32x4.splat(low);
    for (let i: usize = 0; i < BLOCK; i += 16) {
      place(
        q + i * 4,
        narrowed(
          steps(x + i * 4, least, inverse),
          steps(x + i * 4 + 16, least, inverse),
          steps(x + i * 4 + 32, least, inverse),
          steps(x + i * 4 + 48, least, inverse),
        ),
      );
    }
    store<f32>(q, range / 127, QuadBlock.SCALE);
    store<f32>(q, low, QuadBlock.OFFSET);
    q += QUAD_BLOCK;
  }
}

/** Four values as steps from the least, 0..127. */
@inline
function steps(x: usize, least: v128, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(
    f32x4.nearest(f32x4.mul(f32x4.sub(v128.load(x), least), inverse)),
  );
}
