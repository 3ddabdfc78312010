import { normalize } from "./normalize.ts";

/** What {@linkcode mix} takes: one segment of a lane. */
export interface MixInputs {
  /** `[T, D]`. */
  readonly x: Float64Array;
  /** Weight and bias, `[2, D]`. */
  readonly norm: Float64Array;
  /** `[P, D]`. */
  readonly lerp: Float64Array;
  /** The normalised row before the first, `[D]`. */
  readonly shift: Float64Array;
}

/**
 * Token shift: `u + (before − u) · lerp` with `u` the normalised row.
 *
 * @returns The mixes `[P, T, D]`, and the last `u`.
 */
export function mix(
  { x, norm, lerp, shift }: MixInputs,
  { T, D, P }: { T: number; D: number; P: number },
): { mixed: Float64Array; shift: Float64Array } {
  const u = normalize(x, norm, { D });
  const mixed = new Float64Array(P * T * D);
  for (let p = 0; p < P; p++) {
    for (let t = 0; t < T; t++) {
      for (let d = 0; d < D; d++) {
        const own = u[t * D + d];
        const before = t === 0 ? shift[d] : u[(t - 1) * D + d];
        mixed[(p * T + t) * D + d] = own + (before - own) * lerp[p * D + d];
      }
    }
  }
  return { mixed, shift: u.slice((T - 1) * D) };
}
