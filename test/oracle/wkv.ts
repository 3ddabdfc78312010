import { N } from "../../src/model/shape.ts";

/** What {@linkcode wkv} takes: one segment of a lane, vectors `[T, D]`. */
export interface WkvInputs {
  /** Receptance. */
  readonly r: Float64Array;
  /** Decay in (0, 1). */
  readonly w: Float64Array;
  /** Key. */
  readonly k: Float64Array;
  /** Value. */
  readonly v: Float64Array;
  /** Removal key, of unit norm in each head. */
  readonly kappa: Float64Array;
  /** Removal key times removal rate. */
  readonly b: Float64Array;
  /** Gate. */
  readonly g: Float64Array;
  /** What each token adds to its own output. */
  readonly bonus: Float64Array;
  /** Weight and bias of the head norm, `[2, D]`. */
  readonly norm: Float64Array;
  /** Memory, `[H, N, N]`. */
  readonly state: Float64Array;
}

/**
 * `S ← S·diag(w) − (S·κ)(κ ⊙ a)ᵀ + v·kᵀ`, `y = S·r`; then the norm of each head,
 * the bonus and the gate.
 *
 * @returns The outputs `[T, D]`, and the memory after the last token.
 */
export function wkv(
  inputs: WkvInputs,
  { T, D }: { T: number; D: number },
): { y: Float64Array; state: Float64Array } {
  const { r, w, k, v, kappa, b, g, bonus, norm } = inputs;
  const result = new Float64Array(T * D);
  const S = inputs.state.slice();
  for (let t = 0; t < T; t++) {
    for (let h = 0; h < D; h += N) {
      const x = t * D + h; // this head's vectors of this token
      const y = new Float64Array(N);
      for (let i = 0; i < N; i++) {
        const row = (h + i) * N;
        let removed = 0;
        for (let j = 0; j < N; j++) removed += S[row + j] * kappa[x + j];
        for (let j = 0; j < N; j++) {
          S[row + j] = S[row + j] * w[x + j] - removed * b[x + j] +
            v[x + i] * k[x + j];
          y[i] += S[row + j] * r[x + j];
        }
      }
      const mean = y.reduce((sum, e) => sum + e, 0) / N;
      const variance = y.reduce((sum, e) => sum + (e - mean) ** 2, 0) / N;
      for (let i = 0; i < N; i++) {
        const normed = (y[i] - mean) / Math.sqrt(variance + 64e-5) *
            norm[h + i] + norm[D + h + i];
        result[x + i] = (normed + bonus[x + i]) * g[x + i];
      }
    }
  }
  return { y: result, state: S };
}
