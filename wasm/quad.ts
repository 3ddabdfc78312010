/**
 * A quad of rows in registers, and what makes f32 of integer sums.
 *
 * Formula: that of product_tiles.ts, in the same order for every shape of a tile:
 * that is why a token's bits never depend on which rows share its pass.
 *
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { madd } from "./fused";

/** What the first row of a quad has, in all lanes; the others follow. */
@inline
export function row0(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 0, 0, 0, 0);
}

@inline
export function row1(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 1, 1, 1, 1);
}

@inline
export function row2(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 2, 2, 2);
}

@inline
export function row3(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 3, 3, 3, 3);
}

/** Stores a row's sums of a panel. */
@inline
export function storePanel(
  y: usize,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
): void {
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y, c, 32);
  v128.store(y, d, 48);
}

/** The scale of four rows of weights, by their headers. */
@inline
export function scaleOf(header: v128): v128 {
  return i32x4.shl(i32x4.shr_u(header, 16), 16);
}

/** What takes back an offset: of INT8's activations, or of INT4's weights. */
@inline
export function offsetOf<T>(header: v128, scale: v128): v128 {
  const low = i32x4.shl(header, 16);
  return isSigned<T>()
    ? f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.shr_s(low, 16)))
    : low;
}

/** The sums of four rows of weights with one more block. */
@inline
export function added(
  integers: v128,
  scale: v128,
  offset: v128,
  xScale: v128,
  xOffset: v128,
  sum: v128,
): v128 {
  const both = f32x4.mul(scale, xScale);
  return madd(
    offset,
    xOffset,
    madd(f32x4.convert_i32x4_s(integers), both, sum),
  );
}
