/**
 * The layer norm over rows of width D: `(x − mean) / √(variance + 1e-5) · w + b`.
 *
 * @param norm Weight and bias, `[2, D]`.
 * @returns As many rows as `x` has.
 */
export function normalize(
  x: Float64Array,
  norm: Float64Array,
  { D }: { D: number },
): Float64Array {
  const result = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += D) {
    const values = x.subarray(row, row + D);
    const mean = values.reduce((sum, e) => sum + e, 0) / D;
    const variance = values.reduce((sum, e) => sum + (e - mean) ** 2, 0) / D;
    for (let d = 0; d < D; d++) {
      result[row + d] = (values[d] - mean) / Math.sqrt(variance + 1e-5) *
          norm[d] + norm[D + d];
    }
  }
  return result;
}
