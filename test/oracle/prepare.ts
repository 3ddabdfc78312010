import { type LoraRanks, N } from "../../src/model/shape.ts";

/** One row of what {@linkcode prepare} takes. */
export interface PrepareInputs {
  /** Products of the row: receptance, key and value, `[D]` each. */
  readonly r: Float64Array;
  /** See `r`. */
  readonly k: Float64Array;
  /** See `r`. */
  readonly v: Float64Array;
  /** Hidden values of each LoRA, after their activation. */
  readonly hidden: Readonly<Record<keyof LoraRanks, Float64Array>>;
  /** Second LoRA matrices, `[D, rank]`. */
  readonly ups: Readonly<Record<keyof LoraRanks, Float64Array>>;
  /** w0, a0, v0, k_k, k_a, r_k: `[6, D]`. */
  readonly vectors: Float64Array;
  /** The first layer's values, `[D]`; none in the first layer. */
  readonly first?: Float64Array;
}

/**
 * From raw products of one row to what the state update reads.
 *
 * @returns w, k, v, kappa, kappa·a, g and bonus, `[7, D]`.
 */
export function prepare(
  { r, k, v, hidden, ups, vectors, first }: PrepareInputs,
): Float64Array {
  const D = k.length;
  const vector = (n: number, d: number) => vectors[n * D + d];
  const lora = (name: keyof LoraRanks, d: number) => {
    const rank = hidden[name].length;
    let sum = 0;
    for (let n = 0; n < rank; n++) {
      sum += ups[name][d * rank + n] * hidden[name][n];
    }
    return sum;
  };
  const result = new Float64Array(7 * D);
  for (let h = 0; h < D; h += N) {
    let squares = 0;
    for (let d = h; d < h + N; d++) squares += (k[d] * vector(3, d)) ** 2;
    for (let d = h; d < h + N; d++) {
      const a = sigmoid(vector(1, d) + lora("a", d));
      const kappa = k[d] * vector(3, d) / Math.max(Math.sqrt(squares), 1e-12);
      const blend = sigmoid(vector(2, d) + lora("v", d));
      const row = [
        Math.exp(-0.606531 * sigmoid(vector(0, d) + lora("w", d))),
        k[d] * (1 + (a - 1) * vector(4, d)),
        first ? v[d] + (first[d] - v[d]) * blend : v[d],
        kappa,
        kappa * a,
        lora("g", d),
      ];
      row.forEach((value, plane) => result[plane * D + d] = value);
    }
    let bonus = 0;
    for (let d = h; d < h + N; d++) {
      bonus += r[d] * result[D + d] * vector(5, d);
    }
    for (let d = h; d < h + N; d++) {
      result[6 * D + d] = bonus * result[2 * D + d];
    }
  }
  return result;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
