/**
 * `fused.ts` in the first SIMD proposal alone, for engines without the relaxed
 * one.
 *
 * Idea: a product of two f32 is exact in f64, so only the sum rounds before the
 * result does. That is the fused result, but where the f64 sum lies in the middle
 * between two f32 (about one result in 2^29) and the last bit may differ. The dot
 * product is exact in either form.
 */

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  const low = f64x2.add(
    f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b)),
    f64x2.promote_low_f32x4(c),
  );
  const high = f64x2.add(
    f64x2.mul(f64x2.promote_low_f32x4(upper(a)), f64x2.promote_low_f32x4(upper(b))),
    f64x2.promote_low_f32x4(upper(c)),
  );
  return i64x2.shuffle(
    f32x4.demote_f64x2_zero(low),
    f32x4.demote_f64x2_zero(high),
    0,
    2,
  );
}

@inline
function upper(x: v128): v128 {
  return i64x2.shuffle(x, x, 1, 1);
}

@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  return madd(f32x4.neg(a), b, c);
}

@inline
export function dotAdd(a: v128, b: v128, sum: v128): v128 {
  const low = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b));
  const high = i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b));
  const even = i32x4.shuffle(low, high, 0, 2, 4, 6);
  const odd = i32x4.shuffle(low, high, 1, 3, 5, 7);
  return i32x4.add(sum, i32x4.add(even, odd));
}

@inline
export function dotPairs(a: v128, b: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_low_i8x16_s(a, b)),
    i32x4.extadd_pairwise_i16x8_s(i16x8.extmul_high_i8x16_s(a, b)),
  );
}

/** `dotAdd` is exact by itself and made of many instructions: never of pairs. */
@inline
export function byPairs(): bool {
  return false;
}

export function choosePairs(_on: bool): void {}
