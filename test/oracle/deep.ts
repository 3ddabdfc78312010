/** What {@linkcode deep} takes: one row. */
export interface DeepInputs {
  /** The token's matrix, `[r, r]`. */
  readonly own: Float64Array;
  /** What the embedding adds to it, `[r, r]`. */
  readonly turned: Float64Array;
  /** s1 u, `[r]`. */
  readonly low: Float64Array;
  /** s2, `[F, r]`. */
  readonly up: Float64Array;
  /** s0, `[F]`. */
  readonly bias: Float64Array;
  /** The key's product, `[F]`. */
  readonly k: Float64Array;
}

/** DeepEmbed, `relu(k)² (s0 + s2 (Eᵀ low))`, in float64: `[F]`. */
export function deep(
  { own, turned, low, up, bias, k }: DeepInputs,
): Float64Array {
  const r = low.length;
  const inner = low.map((_, j) => {
    let sum = 0;
    for (let i = 0; i < r; i++) {
      sum += low[i] * (own[i * r + j] + turned[i * r + j]);
    }
    return sum;
  });
  return k.map((value, f) => {
    let gate = bias[f];
    for (let j = 0; j < r; j++) gate += up[f * r + j] * inner[j];
    return Math.max(value, 0) ** 2 * gate;
  });
}
