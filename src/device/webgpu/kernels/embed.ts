/**
 * The embedding, `shaders/embed.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/embed.wgsl" with { type: "text" };
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { MATRIX_FORMATS, type MatrixFormat } from "../../matrix_format.ts";
import { expectShape, type Tensor } from "../tensor.ts";
import { rowThreads } from "./row.ts";

/** Tokens whose embeddings one binding can hold. */
export interface TablePart {
  /** First token. */
  readonly from: number;
  /** The token after the last. */
  readonly to: number;
  /** Words of `[to − from, D]`, packed as the format says. */
  readonly table: Tensor;
  /** `[to − from, D / 64]`, two f16 each; a dummy if not quantised. */
  readonly scales: Tensor;
}

/** What {@linkcode embed} binds. */
export interface EmbedTensors {
  /** The rows of the pass, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** What each lane drew last, `[B, 4]` u32. */
  readonly cursors: Tensor;
  /** The tokens of this dispatch. */
  readonly part: TablePart;
  /** Weight and bias of ln0, `[2, D]`. */
  readonly norm: Tensor;
  /** Out: `[R, D]`. */
  readonly x: Tensor;
}

/** Looks up and normalises the token of each row. */
export function embed(
  gpu: Gpu,
  { rows, cursors, part, norm, x }: EmbedTensors,
  format: MatrixFormat,
): Dispatch {
  const [R, D] = x.shape;
  const { from, to, table, scales } = part;
  const count = to - from;
  const bits = { F32: 32, F16: 16, BF16: 16, int8: 8, int4: 4 }[format];
  expectShape(rows, [R, 4]);
  expectShape(cursors, [cursors.shape[0], 4]);
  expectShape(table, [count, D * bits / 32]);
  expectShape(scales, bits <= 8 ? [count, D / 64] : [1]);
  expectShape(norm, [2, D]);
  return gpu.dispatch({
    label: "embed",
    source,
    constants: {
      D,
      THREADS: rowThreads(D),
      FORMAT: MATRIX_FORMATS[format],
      FROM: from,
      TO: to,
    },
    tensors: [rows, cursors, table, scales, norm, x],
    grid: ({ rows }) => [rows],
  });
}
