/**
 * f16 and bf16 beside f32.
 *
 * Formula: a bf16 is the upper half of an f32. An f16 shifted so that its exponent
 * sits in f32's field is the value times 2⁻¹¹²; one multiplication repairs that,
 * subnormals included. Infinities and NaN do not occur in weights.
 *
 * Layout: four 32-bit lanes hold eight halves; `low` takes the lower ones.
 * Source: IEEE 754-2019, 3.6. Oracle: test/device/wasm/pack_test.ts.
 */

/** What of a shifted f16 is kept. */
export const F16_MASK: u32 = 0x8fffe000;

/** 2¹¹², as bits. */
export const F16_SCALE: u32 = 0x77800000;

/** The upper of two bf16. */
export const BF16_MASK: u32 = 0xffff0000;

/**
 * A vector of `bits` that the compiler does not know for a constant; 4 bytes at
 * `at` are overwritten. V8 makes a constant anew wherever a loop names it, which
 * doubled the time of an F16 row; what was loaded stays in a register.
 */
@inline
export function kept(at: usize, bits: u32): v128 {
  store<u32>(at, bits);
  return v128.load32_splat(at);
}

@inline
function scaled(x: v128, mask: v128, scale: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shr_s(x, 3), mask), scale);
}

@inline
export function lowF16(x: v128, mask: v128, scale: v128): v128 {
  return scaled(i32x4.shl(x, 16), mask, scale);
}

@inline
export function highF16(x: v128, mask: v128, scale: v128): v128 {
  return scaled(x, mask, scale);
}

@inline
export function lowBF16(x: v128): v128 {
  return i32x4.shl(x, 16);
}

@inline
export function highBF16(x: v128, mask: v128): v128 {
  return v128.and(x, mask);
}

/** The nearest f16, ties to even; what is too large becomes the largest. */
export function toF16(x: f32): u32 {
  const bits = reinterpret<u32>(x);
  const sign = (bits >> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size >= 0x477ff000) return sign | 0x7bff;
  if (size >= 0x38800000) {
    const odd = (size >> 13) & 1;
    return sign | ((size - 0x38000000 + 0xfff + odd) >> 13);
  }
  // Below 2⁻¹⁴ an f16 counts in steps of 2⁻²⁴, and so does f32 just above ½.
  const steps = Mathf.abs(x) + 0.5;
  return sign | (reinterpret<u32>(steps) - 0x3f000000);
}

/** The nearest bf16, ties to even. */
export function toBF16(x: f32): u32 {
  const bits = reinterpret<u32>(x);
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}
