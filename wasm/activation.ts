/**
 * Activations in integers, for the products with integer weights.
 *
 * Formula: per 64 values s = max |x| / 8191 and q = round(x / s) + offset, stored
 * as q = 128 · high + low with low in 0..127; before INT4 weights s = max |x| / 127
 * and q = round(x / s).
 *
 * Idea: the dot product of the relaxed SIMD proposal takes an i8 and a u7 and is
 * exact on every machine then. INT8 weights are the i8, so one dot product leaves 7
 * bits to the activations, which is too coarse, and two give 14, whose error
 * vanishes beside that of the weights; being u7 they have an offset of 8192. INT4
 * weights are the u7: one dot product takes activations of 8 bits, whose error is a
 * hundredth of the weights'.
 *
 * Layout per 64 values: 64 high parts, 64 low parts (before INT4 weights 64 i8, and
 * 64 bytes unused), f32 s, f32 s Σ (q − offset), 8 bytes unused.
 * Source: github.com/WebAssembly/relaxed-simd, i32x4.relaxed_dot_i8x16_i7x16_add_s.
 * Oracle: test/device/wasm/product_test.ts.
 */

import { integers, largest } from "./block";
import { BLOCK } from "./panel";

/** Bytes of 64 quantised activations. */
export const ACTIVATION_BLOCK: u32 = 144;

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

/** Quantises `columns` values, a multiple of 64; an offset of 0 is INT4's. */
export function quantize(
  x: usize,
  q: usize,
  columns: u32,
  offset: u32,
): void {
  if (offset === 0) quantizeBytes(x, q, columns);
  else quantizeHalves(x, q, columns, offset);
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
    store<f32>(q + 128, scale);
    store<f32>(q + 132, scale * <f32>total(sum));
    q += ACTIVATION_BLOCK;
  }
}

function quantizeHalves(
  x: usize,
  q: usize,
  columns: u32,
  offset: u32,
): void {
  const mask = i32x4.splat(127), zero = i32x4.splat(offset);
  for (let end = x + columns * 4; x < end; x += BLOCK * 4) {
    const most = largest(x);
    const inverse = f32x4.splat(most === 0 ? 0 : 8191 / most);
    let sum = i32x4.splat(0);
    for (let i: usize = 0; i < BLOCK; i += 16) {
      let a = integers(x + i * 4, inverse);
      let b = integers(x + i * 4 + 16, inverse);
      let c = integers(x + i * 4 + 32, inverse);
      let d = integers(x + i * 4 + 48, inverse);
      sum = i32x4.add(
        sum,
        i32x4.add(i32x4.add(a, b), i32x4.add(c, d)),
      );
      a = i32x4.add(a, zero);
      b = i32x4.add(b, zero);
      c = i32x4.add(c, zero);
      d = i32x4.add(d, zero);
      v128.store(
        q + i,
        narrowed(
          i32x4.shr_s(a, 7),
          i32x4.shr_s(b, 7),
          i32x4.shr_s(c, 7),
          i32x4.shr_s(d, 7),
        ),
      );
      v128.store(
        q + i + 64,
        narrowed(
          v128.and(a, mask),
          v128.and(b, mask),
          v128.and(c, mask),
          v128.and(d, mask),
        ),
      );
    }
    const scale = most / 8191;
    store<f32>(q + 128, scale);
    store<f32>(q + 132, scale * <f32>total(sum));
    q += ACTIVATION_BLOCK;
  }
}
