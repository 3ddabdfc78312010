/**
 * Sixty-four values on their way to integers.
 *
 * Source: own. Oracle: test/device/wasm/pack_test.ts.
 */

import { BLOCK } from "./panel";

/** The columns of a block, zeros where the row has ended. */

@inline
export function block(values: usize, width: u32, first: u32, work: usize): void {
  const n = min(BLOCK, width - first);
  memory.fill(work, 0, BLOCK * 4);
  memory.copy(work, values + first * 4, n * 4);
}

/** The least bf16 that is not below x ≥ 0, in its upper half. */

@inline
export function upward(x: f32): u32 {
  return (reinterpret<u32>(x) + 0xffff) & 0xffff0000;
}

/** Four integers as bytes. */
@inline
export function bytes(q: v128): u32 {
  const half = i16x8.narrow_i32x4_s(q, q);
  return i32x4.extract_lane(i8x16.narrow_i16x8_u(half, half), 0);
}

/** Four integers in -127..127 as bytes. */
@inline
export function signedBytes(q: v128): u32 {
  const half = i16x8.narrow_i32x4_s(q, q);
  return i32x4.extract_lane(i8x16.narrow_i16x8_s(half, half), 0);
}

@inline
export function integers(x: usize, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(
    f32x4.nearest(f32x4.mul(v128.load(x), inverse)),
  );
}

@inline
export function foldMax(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/** max |x| of a block. */
export function largest(x: usize): f32 {
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < BLOCK * 4; i += 16) {
    most = f32x4.max(most, f32x4.abs(v128.load(x + i)));
  }
  return foldMax(most);
}
