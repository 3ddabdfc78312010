/**
 * Layer norm, token shift and lerps, `shaders/mix.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/mix.wgsl" with { type: "text" };
import { N } from "../../../model/shape.ts";
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { expectShape, type Tensor } from "../tensor.ts";
import { rowThreads } from "./row.ts";

/** What {@linkcode mix} binds. */
export interface MixTensors {
  /** The rows of the pass, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** The residual stream, `[R, D]`. */
  readonly x: Tensor;
  /** Weight and bias of the layer norm, then P lerps: `[2 + P, D]`. */
  readonly vectors: Tensor;
  /** Every lane's state in this layer, `[B, D · (N + 2)]`. */
  readonly state: Tensor;
  /** Out: `[P, R, D]`. */
  readonly mixed: Tensor;
}

/**
 * Normalises each row and mixes it with the row before.
 *
 * @param shift Which of the two shifts of the state holds the row before the
 * first: the attention's, or the feed-forward's.
 */
export function mix(
  gpu: Gpu,
  { rows, x, vectors, state, mixed }: MixTensors,
  shift: "att" | "ffn",
): Dispatch {
  const [R, D] = x.shape;
  const [P] = mixed.shape;
  const STRIDE = D * (N + 2);
  expectShape(rows, [R, 4]);
  expectShape(vectors, [2 + P, D]);
  expectShape(state, [state.shape[0], STRIDE]);
  expectShape(mixed, [P, R, D]);
  return gpu.dispatch({
    label: `mix ${shift}`,
    source,
    constants: {
      D,
      THREADS: rowThreads(D),
      P,
      R,
      STRIDE,
      SHIFT: shift === "att" ? 0 : D * (N + 1),
    },
    tensors: [rows, x, vectors, state, mixed],
    grid: ({ rows }) => [rows],
  });
}
