/**
 * Every method of `lab/curse/`, in float64 and written to be read against its
 * formula: each loops over all pairs of tokens or over the whole memory.
 *
 * @module
 */

import { N } from "../../../src/model/shape.ts";

/** Tokens of one layer's mixing. */
export interface Tokens {
  /** Queries, `[T, H, N]`. */
  readonly q: ArrayLike<number>;
  /** Keys of unit norm, `[T, H, N]`. */
  readonly k: ArrayLike<number>;
  /** Values, `[T, H, N]`. */
  readonly v: ArrayLike<number>;
  /** Write strength in [0, 1], `[T, H]`. */
  readonly b: ArrayLike<number>;
  /** Gate in [0, 1], `[T, H]`. */
  readonly g: ArrayLike<number>;
}

/** Sizes of {@linkcode Tokens}. */
export interface Sizes {
  /** Tokens. */
  readonly T: number;
  /** Heads. */
  readonly H: number;
}

/** Outputs and memory. */
export interface Memory {
  /** `[T, H, N]`. */
  readonly y: Float64Array;
  /** `[H, N, N]`, row is the value channel. */
  readonly state: Float64Array;
}

/** `y_t = Σ_{s ≤ t} softmax_s(q_t · k_s / √N) v_s`, `[T, H, N]`. */
export function softmax({ q, k, v }: Tokens, { T, H }: Sizes): Float64Array {
  const y = new Float64Array(T * H * N);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      const at = (t * H + h) * N;
      const scores = Array.from(
        { length: t + 1 },
        (_, s) => dot(q, at, k, (s * H + h) * N) / Math.sqrt(N),
      );
      const top = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - top));
      const total = weights.reduce((a, b) => a + b);
      weights.forEach((weight, s) => {
        for (let i = 0; i < N; i++) {
          y[at + i] += weight / total * v[(s * H + h) * N + i];
        }
      });
    }
  }
  return y;
}

/** `y_t = Σ_{s ≤ t} (q_t · k_s) v_s`, and `S = Σ_s v_s k_sᵀ`. */
export function linear({ q, k, v }: Tokens, { T, H }: Sizes): Memory {
  const y = new Float64Array(T * H * N);
  const state = new Float64Array(H * N * N);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      const at = (t * H + h) * N;
      for (let s = 0; s <= t; s++) {
        const other = (s * H + h) * N;
        const weight = dot(q, at, k, other);
        for (let i = 0; i < N; i++) y[at + i] += weight * v[other + i];
      }
      for (let i = 0; i < N; i++) {
        for (let j = 0; j < N; j++) {
          state[(h * N + i) * N + j] += v[at + i] * k[at + j];
        }
      }
    }
  }
  return { y, state };
}

/** `S ← S + b (v − S k) kᵀ`, then `y = S q`: outputs and last S. */
export function delta(tokens: Tokens, sizes: Sizes): Memory {
  return gatedDelta({ ...tokens, g: Array.from(tokens.g, () => 1) }, sizes);
}

/** `S ← g S + b (v − g S k) kᵀ`, then `y = S q`. */
export function gatedDelta(
  { q, k, v, b, g }: Tokens,
  { T, H }: Sizes,
): Memory {
  const y = new Float64Array(T * H * N);
  const state = new Float64Array(H * N * N);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      const head = t * H + h;
      const at = head * N;
      for (let i = 0; i < N; i++) {
        const row = (h * N + i) * N;
        for (let j = 0; j < N; j++) state[row + j] *= g[head];
        const change = b[head] * (v[at + i] - dot(state, row, k, at));
        for (let j = 0; j < N; j++) state[row + j] += change * k[at + j];
        y[at + i] = dot(state, row, q, at);
      }
    }
  }
  return { y, state };
}

/**
 * RWKV-7: `S ← S diag(g) − (S k)(b k)ᵀ + v (b k)ᵀ`, then `y = S q` normed over the
 * head with eps 64e-5. What is removed is read before the decay.
 */
export function wkv({ q, k, v, b, g }: Tokens, { T, H }: Sizes): Memory {
  const y = new Float64Array(T * H * N);
  const state = new Float64Array(H * N * N);
  for (let h = 0; h < H; h++) {
    for (let t = 0; t < T; t++) {
      const head = t * H + h;
      const at = head * N;
      for (let i = 0; i < N; i++) {
        const row = (h * N + i) * N;
        const removed = dot(state, row, k, at);
        for (let j = 0; j < N; j++) {
          state[row + j] = state[row + j] * g[head] +
            (v[at + i] - removed) * b[head] * k[at + j];
        }
        y[at + i] = dot(state, row, q, at);
      }
      const own = y.subarray(at, at + N);
      const mean = own.reduce((sum, x) => sum + x) / N;
      const variance = own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / N;
      own.forEach((x, i) => {
        own[i] = (x - mean) / Math.sqrt(variance + 64e-5);
      });
    }
  }
  return { y, state };
}

function dot(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
): number {
  let sum = 0;
  for (let x = 0; x < N; x++) sum += a[i + x] * b[j + x];
  return sum;
}
