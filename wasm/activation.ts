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
 * Layout per 64 values: 64 bytes q, f32 s, f32 min x (before INT4 weights s Σ q),
 * 8 bytes unused.
 * Source: github.com/WebAssembly/relaxed-simd, i32x4.relaxed_dot_i8x16_i7x16_add_s.
 * Oracle: test/device/wasm/product_test.ts.
 */

import { foldMax, integers, largest } from "./block";
import { BLOCK } from "./panel";
import { Format } from "./plan";

/** Bytes of 64 quantised activations. */
export const ACTIVATION_BLOCK: u32 = 80;

/** Bytes of a quantised row. */

@inline
export function activationBytes(columns: u32): u32 {
  return columns / BLOCK * ACTIVATION_BLOCK;
}

@inline
function narrowed(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(a, b),
    i16x8.narrow_i32x4_s(c, d),
  );
}

/** Quantises `columns` values, a multiple of 64, for weights of a format. */
export function quantize(
  x: usize,
  q: usize,
  columns: u32,
  format: u32,
): void {
  if (format === Format.INT8) quantizeRange(x, q, columns);
  else quantizeBytes(x, q, columns);
}

@inline
function total(sum: v128): i32 {
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
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
      v128.store(q + i, narrowed(a, b, c, d));
    }
    const scale = most / 127;
    store<f32>(q + 64, scale);
    store<f32>(q + 68, scale * <f32>total(sum));
    q += ACTIVATION_BLOCK;
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
      v128.store(
        q + i,
        narrowed(
          steps(x + i * 4, least, inverse),
          steps(x + i * 4 + 16, least, inverse),
          steps(x + i * 4 + 32, least, inverse),
          steps(x + i * 4 + 48, least, inverse),
        ),
      );
    }
    store<f32>(q + 64, range / 127);
    store<f32>(q + 68, low);
    q += ACTIVATION_BLOCK;
  }
}

/** Four values as steps from the least, 0..127. */
@inline
function steps(x: usize, least: v128, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(
    f32x4.nearest(f32x4.mul(f32x4.sub(v128.load(x), least), inverse)),
  );
}
