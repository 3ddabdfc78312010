/**
 * DeepEmbed, `shaders/deep.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/deep.wgsl" with { type: "text" };
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { MATRIX_FORMATS, type MatrixFormat } from "../../matrix_format.ts";
import { expectShape, type Tensor } from "../tensor.ts";
import type { TablePart } from "./embed.ts";

/** What a layer multiplies its hidden values by. */
export interface DeepWeights {
  /** Matrices of all tokens, rows of `[V, r · r]`. */
  readonly table: readonly TablePart[];
  /** Words of s2 and s0: `[r + 1, F]`, narrow types with two ranks a word. */
  readonly up: Tensor;
  /** How `up` holds s2. */
  readonly format: "F32" | "F16" | "BF16";
  /** r, a multiple of 8 up to 64. */
  readonly rank: number;
  /** Where s1's products lie in a row of `wide`. */
  readonly low: number;
  /** Where this layer's values lie in a row of `turned`. */
  readonly layer: number;
}

/** What {@linkcode deep} binds. */
export interface DeepTensors {
  /** The rows of the pass, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** What each lane drew last, `[B, 4]` u32. */
  readonly cursors: Tensor;
  /** What embeddings add to tokens' matrices, all layers, `[R, TURNED]`. */
  readonly turned: Tensor;
  /** Products of key and s1 before any activation, `[R, WIDTH]`. */
  readonly wide: Tensor;
  /** Out: `[R, F]`. */
  readonly hidden: Tensor;
}

/** Outputs of a workgroup. */
const THREADS = 256;

/**
 * Gates the hidden values of each row: one dispatch for each part of the table.
 *
 * @param format How the table's values lie.
 */
export function deep(
  gpu: Gpu,
  { rows, cursors, turned, wide, hidden }: DeepTensors,
  { table, up, format: upFormat, rank, low, layer }: DeepWeights,
  format: MatrixFormat,
): Dispatch[] {
  const [R, F] = hidden.shape;
  const [, WIDTH] = wide.shape;
  const [, TURNED] = turned.shape;
  const square = rank * rank;
  const bits = { F32: 32, F16: 16, BF16: 16, int8: 8, int4: 4 }[format];
  if (rank % 8 !== 0 || rank > 64) {
    throw new RangeError(
      `Cannot gate: rank ${rank} is not a multiple of 8 up to 64`,
    );
  }
  expectShape(rows, [R, 4]);
  expectShape(cursors, [cursors.shape[0], 4]);
  expectShape(turned, [R, TURNED]);
  expectShape(wide, [R, WIDTH]);
  expectShape(up, [1 + (upFormat === "F32" ? rank : rank / 2), F]);
  return table.map(({ from, to, table, scales }) => {
    const count = to - from;
    expectShape(table, [count, square * bits / 32]);
    expectShape(scales, bits <= 8 ? [count, square / 64] : [1]);
    return gpu.dispatch({
      label: "deep",
      source,
      constants: {
        FORMAT: MATRIX_FORMATS[format],
        UP: MATRIX_FORMATS[upFormat],
        FROM: from,
        TO: to,
        F,
        WIDTH,
        LOW: low,
        RANK: rank,
        TURNED,
        LAYER: layer,
      },
      tensors: [rows, cursors, table, scales, turned, wide, up, hidden],
      grid: ({ rows }) => [Math.ceil(F / THREADS), rows],
    });
  });
}
