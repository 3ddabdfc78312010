/**
 * What the state update reads, `shaders/prepare.wgsl`.
 *
 * @module
 */

import source from "../../../../shaders/prepare.wgsl" with { type: "text" };
import { type LoraRanks, N } from "../../../model/shape.ts";
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import { MATRIX_FORMATS } from "../../matrix_format.ts";
import { expectShape, type Tensor } from "../tensor.ts";

/** The second LoRA matrices of a layer. */
export interface Ups {
  /** Words of `[w + a + v + g, D]`; narrow types hold two ranks a word. */
  readonly words: Tensor;
  /** How a word holds them. */
  readonly format: "F32" | "F16" | "BF16";
  /** Ranks, padded to multiples of 8; v is 0 in the first layer. */
  readonly ranks: LoraRanks;
  /** Where the hidden values lie in a row of `raw`. */
  readonly at: LoraRanks;
}

/** What {@linkcode prepare} binds. */
export interface PrepareTensors {
  /** r, k, v, then hidden values with their activations: `[R, WIDTH]`. */
  readonly raw: Tensor;
  /** The second LoRA matrices. */
  readonly ups: Ups;
  /** w0, a0, v0, k_k, k_a, r_k, and the head norm's two: `[8, D]`. */
  readonly vectors: Tensor;
  /** The first layer's values, `[R, D]`: made there, read in the others. */
  readonly first: Tensor;
  /** Out: w, k, v, kappa, kappa·a, g, bonus: `[7, R, D]`. */
  readonly prepared: Tensor;
}

/** Rows of a workgroup. */
const TILE = 4;

/**
 * What kernels are told of the second LoRA matrices.
 *
 * @throws {RangeError} If they are of other ranks.
 */
export function upsConstants(
  { words, format, ranks, at }: Ups,
  D: number,
): Record<string, number> {
  const rank = ranks.w + ranks.a + ranks.v + ranks.g;
  expectShape(words, [format === "F32" ? rank : rank / 2, D]);
  return {
    FORMAT: MATRIX_FORMATS[format],
    RANK_W: ranks.w,
    RANK_A: ranks.a,
    RANK_V: ranks.v,
    RANK_G: ranks.g,
    AT_V: at.v,
    AT_W: at.w,
    AT_A: at.a,
    AT_G: at.g,
  };
}

/** LoRA, value residual, decay and removal key of each row of a chunk. */
export function prepare(
  gpu: Gpu,
  { raw, ups, vectors, first, prepared }: PrepareTensors,
  { layer }: { layer: number },
): Dispatch {
  const [R, D] = first.shape;
  const [, WIDTH] = raw.shape;
  expectShape(raw, [R, WIDTH]);
  expectShape(vectors, [8, D]);
  expectShape(prepared, [7, R, D]);
  return gpu.dispatch({
    label: "prepare",
    source,
    constants: {
      D,
      R,
      WIDTH,
      FIRST: layer === 0 ? 1 : 0,
      ...upsConstants(ups, D),
    },
    tensors: [raw, ups.words, vectors, first, prepared],
    grid: ({ rows }) => [D / N, Math.ceil(rows / TILE)],
  });
}
