/** What {@linkcode product} takes. */
export interface ProductInputs {
  /** `[outputs, K]`. */
  readonly matrix: Float64Array;
  /** `[planes, T, K]`. */
  readonly x: Float64Array;
  /** What is added to, `[T, outputs]`. */
  readonly y: Float64Array;
}

/**
 * `y = act(x Wᵀ)`, or `y + act(x Wᵀ)`, in float64.
 *
 * @returns `[T, outputs]`.
 */
export function product(
  { matrix, x, y }: ProductInputs,
  { T, K, relu2 = false, add = false, planeOf = () => 0, tanh, sigmoid }: {
    T: number;
    K: number;
    relu2?: boolean;
    add?: boolean;
    planeOf?: (output: number) => number;
    tanh?: number;
    sigmoid?: number;
  },
): Float64Array {
  const outputs = matrix.length / K;
  const result = new Float64Array(T * outputs);
  for (let t = 0; t < T; t++) {
    for (let o = 0; o < outputs; o++) {
      const from = (planeOf(o) * T + t) * K;
      let sum = 0;
      for (let k = 0; k < K; k++) sum += matrix[o * K + k] * x[from + k];
      if (relu2) sum = Math.max(sum, 0) ** 2;
      if (planeOf(o) === tanh) sum = Math.tanh(sum);
      if (planeOf(o) === sigmoid) sum = 1 / (1 + Math.exp(-sum));
      result[t * outputs + o] = sum + (add ? y[t * outputs + o] : 0);
    }
  }
  return result;
}
