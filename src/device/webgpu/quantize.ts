/**
 * Weight-only quantisation as the webgpu device has it: each row is cut into blocks
 * of {@linkcode BLOCK_COLUMNS} along its columns, and a block is integers times one scale
 * that f16 can hold. The wasm device rounds as it packs, in blocks of 64 that suit its
 * instructions (`wasm/pack_int8.ts`, `wasm/pack_int4.ts`), to the same sizes.
 *
 * int8 takes 8.5 bits a weight and int4 takes 4.5. Both are symmetric: one f16 of
 * overhead a block, and a product is one multiply away from the integer.
 *
 * @module
 */

/** Columns that share a scale. */
export const BLOCK_COLUMNS = 32;

/** A matrix as integers and scales: `value = values[i] * scales[i / block | 0]`. */
export interface QuantizedRows {
  /** `[rows, columns]`: in [−127, 127], or in [−8, 7] for 4 bits. */
  readonly values: Int8Array;
  /** `[rows, columns / block]`, each exactly an f16. */
  readonly scales: Float32Array;
}

/**
 * Quantises rows of weights.
 *
 * @param weights `[rows, columns]`, columns a multiple of `block`.
 * @param block Columns that share a scale.
 * @throws {RangeError} If the weights are not whole blocks.
 */
export function quantizeRows(
  weights: Float32Array,
  bits: 8 | 4,
  block = BLOCK_COLUMNS,
): QuantizedRows {
  if (weights.length % block !== 0) {
    throw new RangeError(
      `Cannot quantise weights: ${weights.length} is not a multiple of ${block}`,
    );
  }
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(weights.length / block);
  const quantize = bits === 8 ? quantizeBlock8 : quantizeBlock4;
  for (let b = 0; b < scales.length; b++) {
    scales[b] = quantize(weights, [b * block, (b + 1) * block], values);
  }
  return { values, scales };
}

/** The scale that puts the widest value at ±127. */
function quantizeBlock8(
  weights: Float32Array,
  [from, to]: readonly [number, number],
  values: Int8Array,
): number {
  let widest = 0;
  for (let i = from; i < to; i++) {
    const size = Math.abs(weights[i]);
    if (size > widest) widest = size;
  }
  const scale = Math.f16round(widest / 127);
  if (scale === 0) return 0;
  const inverse = 1 / scale;
  for (let i = from; i < to; i++) {
    const q = Math.round(weights[i] * inverse);
    values[i] = q > 127 ? 127 : q < -127 ? -127 : q;
  }
  return scale;
}

/**
 * Where the widest value may land. −8 uses all 16 levels; cutting it short
 * rounds the other 31 finer, which often pays.
 */
const ENDS_4 = [-8, -9, -7];

/**
 * Of a few scales, the one whose integers fit best, refitted by least squares:
 * for fixed integers q the best scale is Σwq / Σq², and leaves the error
 * Σw² − (Σwq)² / Σq².
 */
function quantizeBlock4(
  weights: Float32Array,
  [from, to]: readonly [number, number],
  values: Int8Array,
): number {
  let widest = 0;
  for (let i = from; i < to; i++) {
    if (Math.abs(weights[i]) > Math.abs(widest)) widest = weights[i];
  }
  if (widest === 0) return 0;
  let best = -1, chosen = 0, scale = 0;
  for (const end of ENDS_4) {
    const inverse = end / widest;
    let wq = 0, qq = 0;
    for (let i = from; i < to; i++) {
      const q = nibble(weights[i] * inverse);
      wq += weights[i] * q;
      qq += q * q;
    }
    if (wq * wq > best * qq) {
      best = wq * wq / qq;
      chosen = inverse;
      scale = Math.f16round(wq / qq);
    }
  }
  if (scale === 0) return 0;
  for (let i = from; i < to; i++) {
    values[i] = nibble(weights[i] * chosen);
  }
  return scale;
}

function nibble(x: number): number {
  const q = Math.round(x);
  return q > 7 ? 7 : q < -8 ? -8 : q;
}
