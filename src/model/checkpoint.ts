/**
 * A model's weights in the one form that devices load, whatever file they came
 * from.
 *
 * Names are BlinkDL's (`blocks.0.att.key.weight`). Two things differ from his
 * files: vectors are `[D]`, and **every matrix is `[out, in]`**, the LoRA ones
 * too (`w1` is `[r, D]`, `w2` is `[D, r]`), so that each product is `x Wᵀ`.
 *
 * RWKV-7a adds DeepEmbed to channel mixing: its hidden layer `h = relu(K k)²` is
 * multiplied by a gate that each token learns,
 *
 * ```text
 * h ← h ∘ (s0 + s2 (Eᵀ (s1 u)))    E[r, r] = s_emb[token] + s_emb_x LN0(emb[token])
 * ```
 *
 * where `u` is the normalised input before its token shift. The state stays as it
 * is. `s_emb` is by far the largest part, and one row of it is read a token, so
 * it is kept as the file has it and `s_emb_x` is multiplied while running; adding
 * both up at load would round the sum. Source: BlinkDL/RWKV-LM,
 * RWKV-v7/rwkv_v7a_demo.py, at 32b6f913.
 *
 * @module
 */

import type { ModelShape } from "./shape.ts";

/** How a file stores its matrices. */
export type StoredType = "F32" | "F16" | "BF16";

/** One canonical tensor: its name and its `[rows, columns]` or `[length]`. */
export interface TensorSpec {
  /** BlinkDL's name. */
  readonly name: string;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
}

/** What a model's weights take depends on this. */
export type Sizes = Pick<Checkpoint, "shape" | "stored" | "small">;

/** Names of LoRA matrices, DeepEmbed's among them. */
export const SMALL: RegExp = /\.(att\.[wavg]|ffn\.s)[12]$/;

/** An open model, read tensor by tensor. */
export interface Checkpoint {
  /** Every size, read from the tensors' shapes. */
  readonly shape: ModelShape;
  /** The narrowest type that holds the large matrices without loss. */
  readonly stored: StoredType;
  /** The same for the LoRA matrices, where it is another. */
  readonly small?: StoredType;
  /**
   * Reads a tensor, or some of its rows, widened to f32.
   *
   * @param name One of {@linkcode tensorSpecs}.
   * @param rows First row and the row after the last; all by default.
   */
  read(
    name: string,
    rows?: readonly [from: number, to: number],
  ): Promise<Float32Array<ArrayBuffer>>;
}

/**
 * The canonical tensors of a model, in canonical order. `v0 v1 v2` of block 0 are
 * not among them: files carry them, the model never uses them.
 */
export function tensorSpecs(
  { L, D, H, F, V, ranks, deep }: ModelShape,
): readonly TensorSpec[] {
  const specs: TensorSpec[] = [];
  const add = (name: string, ...shape: number[]) => specs.push({ name, shape });
  const norm = (name: string) => {
    add(`${name}.weight`, D);
    add(`${name}.bias`, D);
  };
  add("emb.weight", V, D);
  norm("blocks.0.ln0");
  for (let l = 0; l < L; l++) {
    const att = `blocks.${l}.att`;
    norm(`blocks.${l}.ln1`);
    norm(`blocks.${l}.ln2`);
    for (const x of "rwkvag") add(`${att}.x_${x}`, D);
    for (const q of ["w", "a", "v", "g"] as const) {
      if (q === "v" && l === 0) continue;
      if (q !== "g") add(`${att}.${q}0`, D);
      add(`${att}.${q}1`, ranks[q], D);
      add(`${att}.${q}2`, D, ranks[q]);
    }
    add(`${att}.k_k`, D);
    add(`${att}.k_a`, D);
    add(`${att}.r_k`, H, D / H);
    for (const m of ["receptance", "key", "value", "output"]) {
      add(`${att}.${m}.weight`, D, D);
    }
    norm(`${att}.ln_x`);
    const ffn = `blocks.${l}.ffn`;
    add(`${ffn}.x_k`, D);
    add(`${ffn}.key.weight`, F, D);
    add(`${ffn}.value.weight`, D, F);
    if (deep === undefined) continue;
    add(`${ffn}.s_emb.weight`, V, deep * deep);
    add(`${ffn}.s_emb_x.weight`, deep * deep, D);
    add(`${ffn}.s0`, F);
    add(`${ffn}.s1`, deep, D);
    add(`${ffn}.s2`, F, deep);
  }
  norm("ln_out");
  add("head.weight", V, D);
  return specs;
}

/** Values that a model of these sizes has. */
export function parameters(shape: ModelShape): number {
  return tensorSpecs(shape).reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b),
    0,
  );
}
