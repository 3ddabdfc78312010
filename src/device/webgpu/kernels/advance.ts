/**
 * A head's turn for one token, `shaders/advance.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/advance.wgsl" with { type: "text" };
import { N } from "../../../model/shape.ts";
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { expectShape, type Tensor } from "../tensor.ts";
import { type Ups, upsConstants } from "./prepare.ts";

/** What {@linkcode advance} binds. */
export interface AdvanceTensors {
  /** The rows of the pass, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** r, k, v, then hidden values with their activations: `[R, WIDTH]`. */
  readonly raw: Tensor;
  /** The second LoRA matrices. */
  readonly ups: Ups;
  /** w0, a0, v0, k_k, k_a, r_k, weight and bias of the head norm: `[8, D]`. */
  readonly vectors: Tensor;
  /** The first layer's values, `[R, D]`: made there, read in the others. */
  readonly first: Tensor;
  /** Every lane's state in this layer, `[B, D · (N + 2)]`. */
  readonly state: Tensor;
  /** What `mixProduct` read and wrote in place of the state, `[2, D]`. */
  readonly carried: Tensor;
  /** Out: normalised and gated, `[1, R, D]`, one plane for the product. */
  readonly y: Tensor;
}

/**
 * Updates the memory of every head with one token of each row's lane, and reads
 * it: `prepare` and `wkv` in one, where every segment is one row.
 *
 * @param carries Whether `mixProduct` mixed the pass's one row.
 */
export function advance(
  gpu: Gpu,
  { rows, raw, ups, vectors, first, state, carried, y }: AdvanceTensors,
  { layer, carries }: { layer: number; carries: boolean },
): Dispatch {
  const [R, D] = first.shape;
  const [, WIDTH] = raw.shape;
  const STRIDE = D * (N + 2);
  expectShape(rows, [R, 4]);
  expectShape(raw, [R, WIDTH]);
  expectShape(vectors, [8, D]);
  expectShape(state, [state.shape[0], STRIDE]);
  expectShape(carried, [2, D]);
  expectShape(y, [1, R, D]);
  return gpu.dispatch({
    label: "advance",
    source,
    constants: {
      D,
      WIDTH,
      STRIDE,
      FIRST: layer === 0 ? 1 : 0,
      CARRIES: carries ? 1 : 0,
      ...upsConstants(ups, D),
    },
    tensors: [rows, raw, ups.words, vectors, first, state, carried, y],
    grid: ({ rows }) => [D / N, rows],
  });
}
