/**
 * The draw of a token: `shaders/adjust.wgsl`, then `shaders/draw.wgsl`.
 *
 * @module
 */

import adjustSource from "../../../../shaders/adjust.wgsl" with {
  type: "text",
};
import drawSource from "../../../../shaders/draw.wgsl" with { type: "text" };
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { expectShape, type Tensor } from "../tensor.ts";

/** Logits whose likeliest token is noted, and invocations of a workgroup. */
export const PEAK = 256;

/** Words of a lane's sampling parameters. */
export const PARAMETERS = 16;

/** What {@linkcode sample} binds. */
export interface SampleTensors {
  /** The rows of the pass, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** Token drawn last, done, pending, tokens drawn: `[B, 4]` u32. */
  readonly cursors: Tensor;
  /** How each lane samples, `[B, 16]`; see `sampling_table.ts`. */
  readonly parameters: Tensor;
  /** Logits of each row, `[rows, WIDTH]`. */
  readonly logits: Tensor;
  /** Decayed counts, then biases, of each lane: `[2, B, V]`. */
  readonly tallies: Tensor;
  /** Tokens allowed and stop tokens, bits: `[B, 2, V / 32]`. */
  readonly sets: Tensor;
  /** Logits after penalties, bias and mask, `[rows, WIDTH]`. */
  readonly adjusted: Tensor;
  /** Of each 256 the largest's key and token, and their weight: `[rows, V / 256, 4]`. */
  readonly peaks: Tensor;
  /** Tokens still in the draw, and their keys: `[rows, WIDTH, 2]`. */
  readonly candidates: Tensor;
  /** Out: the tokens drawn in this step, `[B, MOST]` u32. */
  readonly drawn: Tensor;
}

/** Draws a token for each row that asks for one. */
export function sample(gpu: Gpu, tensors: SampleTensors): Dispatch[] {
  const { rows, cursors, parameters, logits, tallies } = tensors;
  const { sets, adjusted, peaks, candidates, drawn } = tensors;
  const [most, WIDTH] = logits.shape;
  const [, B, V] = tallies.shape;
  const [, MOST] = drawn.shape;
  const groups = Math.ceil(V / PEAK);
  expectShape(rows, [rows.shape[0], 4]);
  expectShape(cursors, [B, 4]);
  expectShape(parameters, [B, PARAMETERS]);
  expectShape(tallies, [2, B, V]);
  expectShape(sets, [B, 2, Math.ceil(V / 32)]);
  expectShape(adjusted, [most, WIDTH]);
  expectShape(peaks, [most, groups, 4]);
  expectShape(candidates, [most, WIDTH, 2]);
  expectShape(drawn, [B, MOST]);
  return [
    gpu.dispatch({
      label: "adjust",
      source: adjustSource,
      constants: { V, B, WIDTH },
      tensors: [
        rows,
        cursors,
        parameters,
        logits,
        tallies,
        sets,
        adjusted,
        peaks,
      ],
      grid: ({ rows }) => [groups, rows],
    }),
    gpu.dispatch({
      label: "draw",
      source: drawSource,
      constants: { V, WIDTH, MOST },
      tensors: [
        rows,
        cursors,
        parameters,
        adjusted,
        peaks,
        sets,
        candidates,
        drawn,
      ],
      grid: ({ rows }) => [rows],
    }),
  ];
}
