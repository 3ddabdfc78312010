/**
 * The sizes of a model, each by the one letter used for it in shaders, comments
 * and tests. `B` (lanes in a step) and `T` (tokens) belong to a step instead.
 *
 * @module
 */

/** Head size. Every released RWKV-7 model has 64, and the kernels fix it. */
export const N = 64;

/** Sizes chosen by a checkpoint. */
export interface ModelShape {
  /** Layers. */
  readonly L: number;
  /** Model width. */
  readonly D: number;
  /** Heads, `D / N`. */
  readonly H: number;
  /** Feed-forward width, `4 D` in every released model. */
  readonly F: number;
  /** Vocabulary: rows of the embedding and of the head. */
  readonly V: number;
  /** LoRA ranks of decay, in-context learning rate, value residual and gate. */
  readonly ranks: LoraRanks;
  /**
   * Rank `r` of DeepEmbed: each token has an `r × r` matrix in each layer. Only
   * RWKV-7a models have it.
   */
  readonly deep?: number;
}

/** LoRA ranks; a model of one layer has no value residual, and `v` is 0. */
export interface LoraRanks {
  /** Decay. */
  readonly w: number;
  /** In-context learning rate. */
  readonly a: number;
  /** Value residual. */
  readonly v: number;
  /** Output gate. */
  readonly g: number;
}

/**
 * Values in one lane's state: in each layer `att_shift[D]`, `wkv[H, N, N]` (row
 * is the value channel) and `ffn_shift[D]`, in this order.
 */
export function stateLength({ L, D }: Pick<ModelShape, "L" | "D">): number {
  return L * D * (N + 2);
}
