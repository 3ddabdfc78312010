/**
 * Kernels that give a row of the residual stream a workgroup.
 *
 * @module
 */

/** Invocations for a row of D values: one for each four, up to 256. */
export function rowThreads(D: number): number {
  return Math.min(256, D / 4);
}
