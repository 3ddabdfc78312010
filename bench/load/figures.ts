/**
 * Many numbers in a few.
 *
 * @module
 */

/** How a quantity is spread. */
export interface Spread {
  /** Half are below. */
  readonly p50: number;
  /** 95 of a hundred are below. */
  readonly p95: number;
  /** 99 of a hundred are below. */
  readonly p99: number;
  /** The greatest. */
  readonly max: number;
}

/** How `values` are spread; all 0 if there are none. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** How much `y` grows for each 1 of `x`: the straight line of least squares. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(([x]) => x)), y = mean(points.map(([, y]) => y));
  const across = points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0);
  return across / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
}

/**
 * Jain's index of fairness: 1 if all have the same, 1/n if one has everything
 * (Jain, Chiu and Hawe, "A Quantitative Measure of Fairness", DEC-TR-301, 1984).
 */
export function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share ** 2, 0);
  return sum ** 2 / (shares.length * squares);
}
