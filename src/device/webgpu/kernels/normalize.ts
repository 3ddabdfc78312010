/**
 * The layer norm in front of the head, `shaders/normalize.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/normalize.wgsl" with { type: "text" };
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { expectShape, type Tensor } from "../tensor.ts";
import { rowThreads } from "./row.ts";

/** What {@linkcode normalize} binds. */
export interface NormalizeTensors {
  /** The residual stream, `[R, D]`. */
  readonly x: Tensor;
  /** Weight and bias, `[2, D]`. */
  readonly norm: Tensor;
  /** Out: `[1, R, D]`, one plane for the head to read. */
  readonly out: Tensor;
}

/** Normalises each row. */
export function normalize(
  gpu: Gpu,
  { x, norm, out }: NormalizeTensors,
): Dispatch {
  const [R, D] = x.shape;
  expectShape(norm, [2, D]);
  expectShape(out, [1, R, D]);
  return gpu.dispatch({
    label: "normalize",
    source,
    constants: { D, THREADS: rowThreads(D) },
    tensors: [x, norm, out],
    grid: ({ rows }) => [rows],
  });
}
