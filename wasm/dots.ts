/**
 * Dot products of bytes, at once or in two steps: pairs to i16, then pairs of those
 * to i32. Processors that have the first alone are quicker that way: x86 before
 * AVX-VNNI is one.
 *
 * Formula: the same integers either way. `T` tells what the weights are, i8 or u8 (of
 * nibbles), and `P` what products are added to first: i16 or i32.
 *
 * Idea: the whole dot product costs V8 five instructions there, two of them for a
 * vector of ones that it makes anew each time, and two registers beside its
 * operands. The first step alone is one instruction; the second with ones that stay
 * in a register is two with its addition.
 *
 * INT4 weights need the second step once a block: Σ (n − 8) a over a lane's 32
 * products fits an i16 (32 · 8 · 127 < 2¹⁵) although what is added on the way to it
 * may not, for sums wrap round. They begin with −8 Σ a, which the activations bring,
 * and 8 Σ a is given back in i32.
 *
 * Layout: activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { QuadBlock } from "./activation";
import { dotAdd, dotPairs } from "./fused";

/** Whether a block is summed in i16. */
@inline
export function inPairs<T, P>(): bool {
  return sizeof<P>() === 2 && !isSigned<T>();
}

/** Adds 4 rows of weights by 4 columns of one row of activations. */
@inline
export function dot<T, P>(w: v128, a: v128, ones: v128, sum: v128): v128 {
  if (sizeof<P>() === 4) {
    return isSigned<T>() ? dotAdd(w, a, sum) : dotAdd(a, w, sum);
  }
  return isSigned<T>()
    ? widened(dotPairs(w, a), ones, sum)
    : i16x8.add(sum, dotPairs(a, w));
}

/** The second step, and the sum. */
@inline
export function widened(pairs: v128, ones: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(pairs, ones));
}

/** What a lone row's sums begin with. */
@inline
export function begin<T, P>(x: usize): v128 {
  return inPairs<T, P>()
    ? v128.load32_splat(x, QuadBlock.PAIRS)
    : i32x4.splat(0);
}

/** A lone row's sum in i32, where it was not; `total` is 8 Σ a. */
@inline
export function ended<T, P>(sum: v128, ones: v128, total: v128): v128 {
  return inPairs<T, P>() ? widened(sum, ones, total) : sum;
}
