/**
 * Power laws through measured points.
 *
 * @module
 */

import type { Point } from "../../bench/plot.ts";

/** `y = scale · x ^ slope`. */
export interface PowerLaw {
  /** The slope of the line on a log–log plot. */
  readonly slope: number;
  /** `y` at `x = 1`. */
  readonly scale: number;
}

/** Least squares on the logarithms. At least two points, all above 0. */
export function fitPowerLaw(points: readonly Point[]): PowerLaw {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (axis: 0 | 1) =>
    logs.reduce((sum, p) => sum + p[axis], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const across = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const along = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const slope = across / along;
  return { slope, scale: Math.exp(my - slope * mx) };
}
