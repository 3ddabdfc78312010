import { normalize } from "./normalize.ts";

/**
 * The embedding of each token, normalised.
 *
 * @param table `[V, D]`.
 * @param norm Weight and bias, `[2, D]`.
 * @returns `[T, D]`.
 */
export function embed(
  tokens: readonly number[],
  { table, norm }: { table: Float64Array; norm: Float64Array },
  { D }: { D: number },
): Float64Array {
  const rows = tokens.flatMap((t) => [...table.subarray(t * D, (t + 1) * D)]);
  return normalize(Float64Array.from(rows), norm, { D });
}
