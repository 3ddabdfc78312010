/**
 * Randomness without a state: Philox 4×32-10 maps a counter and a key to four
 * words. The seed and the position of a token give its number, so
 * no generator has to be saved, split or moved between devices.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3",
 * doi:10.1145/2063384.2063405, section 3.4.
 *
 * @module
 */

/** Multipliers of the two halves of the counter. */
const MULTIPLIER_0 = 0xd2511f53, MULTIPLIER_1 = 0xcd9e8d57;

/** What is added to the key after each round: golden ratio and √3 − 1. */
const WEYL_0 = 0x9e3779b9, WEYL_1 = 0xbb67ae85;

/** Four u32 words. */
export type PhiloxWords = readonly [number, number, number, number];

/** Philox 4×32-10: four words from a counter of four and a key of two. */
export function philox(
  counter: PhiloxWords,
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = high(MULTIPLIER_0, c0), l0 = Math.imul(MULTIPLIER_0, c0);
    const h1 = high(MULTIPLIER_1, c2), l1 = Math.imul(MULTIPLIER_1, c2);
    [c0, c1, c2, c3] = [h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0];
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/**
 * The number that decides the draw of the token at `position`: a multiple of
 * 2⁻²⁴ in [0, 1), exact in f32.
 *
 * Its 24 bits are the upper ones of the first word of
 * `philox([position low, position high, 0, 0], seed)`.
 *
 * @param position An integer in [0, 2⁵³).
 */
export function uniformAt(
  position: number,
  seed: readonly [low: number, high: number],
): number {
  const upper = Math.floor(position / 2 ** 32);
  return (philox([position >>> 0, upper, 0, 0], seed)[0] >>> 8) / 2 ** 24;
}

/** The upper word of a product of two u32, from products that f64 holds. */
function high(a: number, b: number): number {
  const a1 = a >>> 16, a0 = a & 0xffff;
  const b1 = b >>> 16, b0 = b & 0xffff;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const lower = a0 * b1 + (middle & 0xffff);
  return a1 * b1 + Math.floor(middle / 2 ** 16) + (lower >>> 16);
}
