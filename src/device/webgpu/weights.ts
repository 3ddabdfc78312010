/**
 * A model's weights on the device, in the shapes that kernels read.
 *
 * @module
 */

import { N } from "../../model/shape.ts";
import type { DeepWeights } from "./kernels/deep.ts";
import type { TablePart } from "./kernels/embed.ts";
import type { Ups } from "./kernels/prepare.ts";
import type { Matrix } from "./matrix_parts.ts";
import type { MatrixFormat } from "../matrix_format.ts";
import type { Tensor } from "./tensor.ts";

/** One layer. */
export interface LayerWeights {
  /** Weight and bias of ln1, lerps of r, k, v, w, a, g: `[8, D]`. */
  readonly attMix: Tensor;
  /** R, K, V, then the first LoRA matrices of v, w, a, g. */
  readonly stack: Matrix;
  /** First output of the stack that reads k, v, w, a, g. */
  readonly planes: readonly number[];
  /** The second LoRA matrices. */
  readonly ups: Ups;
  /** w0, a0, v0, k_k, k_a, r_k, weight and bias of ln_x: `[8, D]`. */
  readonly vectors: Tensor;
  /** Attention's output, `[D, D]`. */
  readonly output: Matrix;
  /** Weight and bias of ln2, lerp of key: `[3, D]`; with DeepEmbed, zeros follow. */
  readonly ffnMix: Tensor;
  /** `[F, D]`; with DeepEmbed, s1 `[r, D]` follows. */
  readonly key: Matrix;
  /** `[D, F]`. */
  readonly value: Matrix;
  /** DeepEmbed, in models that have it. */
  readonly deep?: DeepWeights;
}

/** A model. */
export interface Weights {
  /** How the embedding lies. */
  readonly format: MatrixFormat;
  /** The embedding, in as many parts as bindings need. */
  readonly table: readonly TablePart[];
  /** Weight and bias of ln0, `[2, D]`. */
  readonly norm: Tensor;
  /** Layer by layer. */
  readonly layers: readonly LayerWeights[];
  /** Weight and bias of ln_out, `[2, D]`. */
  readonly headNorm: Tensor;
  /** `[V, D]`. */
  readonly head: Matrix;
  /** DeepEmbed's s_emb_x of all layers, `[L · r², D]`. */
  readonly deepTurn?: Matrix;
}

/** Every buffer of a model, once. */
export function weightBuffers(weights: Weights): GPUBuffer[] {
  const found = new Set<GPUBuffer>();
  const visit = (value: unknown): void => {
    if (value instanceof GPUBuffer) found.add(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === "object") {
      Object.values(value).forEach(visit);
    }
  };
  visit(weights);
  return [...found];
}

/** Values of a lane's state in one layer. */
export function layerStride(D: number): number {
  return D * (N + 2);
}
