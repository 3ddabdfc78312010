/**
 * The three operations of the relaxed SIMD proposal that products are made of.
 *
 * `madd` is a b + c and `nmadd` c - a b, fused wherever the processor can; `dotAdd`
 * adds four products of an i8 and a u7 to each i32. `fused_plain.ts` does the same
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
