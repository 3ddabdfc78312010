/**
 * The state update, `shaders/wkv.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/wkv.wgsl" with { type: "text" };
import { N } from "../../../model/shape.ts";
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { expectShape, type Tensor } from "../tensor.ts";

/** What {@linkcode wkv} binds. */
export interface WkvTensors {
  /** The rows of the pass, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** Products of a row, receptance first: `[R, WIDTH]`. */
  readonly raw: Tensor;
  /** w, k, v, kappa, kappa·a, g, bonus: `[7, R, D]`. */
  readonly prepared: Tensor;
  /** Six that `prepare` reads, then weight and bias of the head norm: `[8, D]`. */
  readonly vectors: Tensor;
  /** Every lane's state in this layer, `[B, D · (N + 2)]`. */
  readonly state: Tensor;
  /** Out: normalised and gated, `[1, R, D]`, one plane for the product. */
  readonly y: Tensor;
}

/** Updates the memory of every head with each segment, and reads it. */
export function wkv(
  gpu: Gpu,
  { rows, raw, prepared, vectors, state, y }: WkvTensors,
): Dispatch {
  const [, R, D] = y.shape;
  const [, WIDTH] = raw.shape;
  const STRIDE = D * (N + 2);
  expectShape(rows, [R, 4]);
  expectShape(raw, [R, WIDTH]);
  expectShape(prepared, [7, R, D]);
  expectShape(vectors, [8, D]);
  expectShape(state, [state.shape[0], STRIDE]);
  expectShape(y, [1, R, D]);
  return gpu.dispatch({
    label: "wkv",
    source,
    constants: { D, R, WIDTH, STRIDE },
    tensors: [rows, raw, prepared, vectors, state, y],
    grid: ({ segments }) => [D / N, segments],
  });
}
