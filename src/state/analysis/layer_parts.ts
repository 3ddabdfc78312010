/**
 * The parts of a state, named: what the tools look at.
 *
 * @module
 */

import { N } from "../../model/shape.ts";
import type { StateShape } from "../codec.ts";

/** One layer's part of a state; views, not copies. */
export interface LayerParts {
  /** Attention shift, `[D]`. */
  readonly attShift: Float32Array;
  /** Feed-forward shift, `[D]`. */
  readonly ffnShift: Float32Array;
  /** Recurrent matrices of the heads, each `[N, N]`, rows are value channels. */
  readonly heads: readonly Float32Array[];
}

/** Looks at the layers of a state. */
export function layersOf(
  values: Float32Array,
  { L, D }: StateShape,
): readonly LayerParts[] {
  return Array.from({ length: L }, (_, l) => {
    const start = l * D * (N + 2), end = start + D * (N + 2);
    return {
      attShift: values.subarray(start, start + D),
      ffnShift: values.subarray(end - D, end),
      heads: Array.from({ length: D / N }, (_, h) => {
        const head = start + D + h * N * N;
        return values.subarray(head, head + N * N);
      }),
    };
  });
}

/** Euclidean norm. */
export function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/** Largest absolute value; 0 if there is none. */
export function largestOf(values: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > largest) largest = size;
  }
  return largest;
}
