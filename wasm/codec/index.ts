/**
 * Rows of a state's matrices as integers and back: the arithmetic of
 * src/state/codec_rows.ts, on the thread that asks.
 *
 * For each row of 64, x <- H x / 8, s = max |x| / top to the nearest word that the
 * file keeps, q = floor(x / s + 1/2).
 *
 * Eight numbers that are neighbours become eight vectors of four groups by two
 * 4 x 4 transposes, so that all sums are between vectors and in the order that the
 * bytes depend on.
 *
 * Oracle: the byte vectors of test/fixtures/goldens.
 */

/** Rows at a time. */
const ROWS: usize = 1024;

/** f32 [ROWS, 64]; u32 [ROWS]; u16 [ROWS, 64], or u8 where bits are 8 or fewer. */
const VALUES: usize = 65536;
const SCALES: usize = VALUES + ROWS * 256;
const FIELDS: usize = SCALES + ROWS * 4;

/** One row between the passes of the transform. */
const HALF: usize = 1024;

/** Bits of 2^-100 and 2^100. */
const SMALLEST: u32 = 27 << 23;
const LARGEST: u32 = 227 << 23;

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline
function firsts(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function lasts(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 3, 6, 7);
}

/** Strides 1, 2, 4 of groups `at / 32` to `at / 32 + 3`. */
// @ts-ignore: decorator
@inline
function near(from: usize, to: usize): void {
  let p = low(v128.load(from), v128.load(from, 64));
  let q = low(v128.load(from, 32), v128.load(from, 96));
  const x0 = low(p, q), x1 = high(p, q);
  p = high(v128.load(from), v128.load(from, 64));
  q = high(v128.load(from, 32), v128.load(from, 96));
  const x2 = low(p, q), x3 = high(p, q);
  p = low(v128.load(from, 16), v128.load(from, 80));
  q = low(v128.load(from, 48), v128.load(from, 112));
  const x4 = low(p, q), x5 = high(p, q);
  p = high(v128.load(from, 16), v128.load(from, 80));
  q = high(v128.load(from, 48), v128.load(from, 112));
  const x6 = low(p, q), x7 = high(p, q);
  const a0 = add(x0, x1), a1 = sub(x0, x1), a2 = add(x2, x3), a3 = sub(x2, x3);
  const a4 = add(x4, x5), a5 = sub(x4, x5), a6 = add(x6, x7), a7 = sub(x6, x7);
  const b0 = add(a0, a2), b2 = sub(a0, a2), b1 = add(a1, a3), b3 = sub(a1, a3);
  const b4 = add(a4, a6), b6 = sub(a4, a6), b5 = add(a5, a7), b7 = sub(a5, a7);
  spread(add(b0, b4), add(b1, b5), add(b2, b6), add(b3, b7), to);
  spread(sub(b0, b4), sub(b1, b5), sub(b2, b6), sub(b3, b7), to + 16);
}

/** Four vectors of a column each become parts of four rows, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function spread(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const ab = low(a, b), cd = low(c, d);
  v128.store(to, firsts(ab, cd));
  v128.store(to, lasts(ab, cd), 32);
  const ab2 = high(a, b), cd2 = high(c, d);
  v128.store(to, firsts(ab2, cd2), 64);
  v128.store(to, lasts(ab2, cd2), 96);
}

/** Strides 8, 16, 32 of four columns, and the eighth of it. */
// @ts-ignore: decorator
@inline
function far(from: usize, to: usize): void {
  const x0 = v128.load(from), x1 = v128.load(from, 32);
  const x2 = v128.load(from, 64), x3 = v128.load(from, 96);
  const x4 = v128.load(from, 128), x5 = v128.load(from, 160);
  const x6 = v128.load(from, 192), x7 = v128.load(from, 224);
  const a0 = add(x0, x1), a1 = sub(x0, x1), a2 = add(x2, x3), a3 = sub(x2, x3);
  const a4 = add(x4, x5), a5 = sub(x4, x5), a6 = add(x6, x7), a7 = sub(x6, x7);
  const b0 = add(a0, a2), b2 = sub(a0, a2), b1 = add(a1, a3), b3 = sub(a1, a3);
  const b4 = add(a4, a6), b6 = sub(a4, a6), b5 = add(a5, a7), b7 = sub(a5, a7);
  const eighth = f32x4.splat(0.125);
  v128.store(to, f32x4.mul(add(b0, b4), eighth));
  v128.store(to, f32x4.mul(add(b1, b5), eighth), 32);
  v128.store(to, f32x4.mul(add(b2, b6), eighth), 64);
  v128.store(to, f32x4.mul(add(b3, b7), eighth), 96);
  v128.store(to, f32x4.mul(sub(b0, b4), eighth), 128);
  v128.store(to, f32x4.mul(sub(b1, b5), eighth), 160);
  v128.store(to, f32x4.mul(sub(b2, b6), eighth), 192);
  v128.store(to, f32x4.mul(sub(b3, b7), eighth), 224);
}

// @ts-ignore: decorator
@inline
function hadamard(row: usize): void {
  near(row, HALF);
  near(row + 128, HALF + 128);
  far(HALF, row);
  far(HALF + 16, row + 16);
}

/** Rounds a scale to the word that the file keeps: ties to even. */
// @ts-ignore: decorator
@inline
function scaleWord(scale: f32, bits: i32): u32 {
  const u = reinterpret<u32>(scale);
  return bits > 8
    ? (u + 0x7f + (u >>> 8 & 1)) & 0xffffff00
    : (u + 0x7fff + (u >>> 16 & 1)) >>> 16;
}

/** Encodes rows; false if one is too large for a scale, or not finite. */
export function encode(rows: i32, bits: i32): bool {
  const top = f32((1 << (bits - 1)) - 1), zero = 1 << (bits - 1);
  const half = f32x4.splat(0.5), offset = i32x4.splat(zero);
  for (let r: usize = 0; r < <usize>rows; r++) {
    const row = VALUES + r * 256;
    hadamard(row);
    let most = i32x4.splat(0);
    const magnitude = i32x4.splat(0x7fffffff);
    for (let j: usize = 0; j < 256; j += 16) {
      most = i32x4.max_s(most, v128.and(v128.load(row + j), magnitude));
    }
    const largest = max(
      max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
      max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
    );
    if (largest >= 0x7f800000) return false;
    const word = scaleWord(reinterpret<f32>(largest) / top, bits);
    const scale = bits > 8 ? word : word << 16;
    if (scale > LARGEST) return false;
    const isSmall = scale < SMALLEST;
    store<u32>(SCALES + r * 4, isSmall ? 0 : word);
    const divisor = f32x4.splat(reinterpret<f32>(scale));
    for (let j: usize = 0; j < 64; j += 8) {
      let a = offset, b = offset;
      if (!isSmall) {
        a = i32x4.add(nearest(row + j * 4, divisor, half), offset);
        b = i32x4.add(nearest(row + j * 4 + 16, divisor, half), offset);
      }
      const words = i16x8.narrow_i32x4_u(a, b);
      if (bits > 8) v128.store(FIELDS + r * 128 + j * 2, words);
      else {
        const bytes = i8x16.narrow_i16x8_u(words, words);
        store<u64>(FIELDS + r * 64 + j, i64x2.extract_lane(bytes, 0));
      }
    }
  }
  return true;
}

/** floor(x / s + 1/2), without the rounding of that sum. */
// @ts-ignore: decorator
@inline
function nearest(at: usize, divisor: v128, half: v128): v128 {
  const x = f32x4.div(v128.load(at), divisor);
  const below = f32x4.floor(x);
  // A comparison that holds is -1.
  const up = f32x4.ge(f32x4.sub(x, below), half);
  return i32x4.sub(i32x4.trunc_sat_f32x4_s(below), up);
}

/** Decodes rows of scales already checked; a scale of 0 makes zeros. */
export function decode(rows: i32, bits: i32): void {
  const zero = i32x4.splat(1 << (bits - 1));
  for (let r: usize = 0; r < <usize>rows; r++) {
    const row = VALUES + r * 256;
    const word = load<u32>(SCALES + r * 4);
    if (word == 0) {
      memory.fill(row, 0, 256);
      continue;
    }
    const scale = f32x4.splat(reinterpret<f32>(bits > 8 ? word : word << 16));
    for (let j: usize = 0; j < 64; j += 4) {
      const q = bits > 8
        ? v128.load_ext<u16>(FIELDS + r * 128 + j * 2)
        : i32x4.extend_low_i16x8_u(
          i16x8.extend_low_i8x16_u(v128.load32_zero(FIELDS + r * 64 + j)),
        );
      const x = f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(q, zero)), scale);
      v128.store(row + j * 4, x);
    }
    hadamard(row);
  }
}
