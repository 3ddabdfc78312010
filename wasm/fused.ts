/**
 * The operations of the relaxed SIMD proposal that products are made of.
 *
 * `madd` is a b + c and `nmadd` c - a b, fused wherever the processor can; `dotAdd`
 * adds four products of an i8 and a u7 to each i32, `dotPairs` makes two of them one
 * i16. `fused_plain.ts` does the same
 * for engines without the proposal: `tools/wasm.ts` compiles the kernels with
 * either.
 *
 * Source: github.com/WebAssembly/relaxed-simd.
 */

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_nmadd(a, b, c);
}

@inline
export function dotAdd(a: v128, b: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, sum);
}

@inline
export function dotPairs(a: v128, b: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(a, b);
}

let pairs: bool = saturates();

/** Whether products are made of `dotPairs`. */
@inline
export function byPairs(): bool {
  return pairs;
}

/** Has products made of `dotPairs`, or of `dotAdd`. */
export function choosePairs(on: bool): void {
  pairs = on;
}

/**
 * Whether `dotAdd` is made of pairs on this processor. What it gives for more than 7
 * bits is the implementation's own, and tells: pairs are cut off at the largest i16
 * where they are i16 in between.
 */
function saturates(): bool {
  // A memory has pages, which the compiler does not know.
  const most = i8x16.splat(memory.size() > 0 ? -1 : 0);
  const sum = dotAdd(i8x16.splat(127), most, i32x4.splat(0));
  return i32x4.extract_lane(sum, 0) === 2 * <i32> i16.MAX_VALUE;
}
