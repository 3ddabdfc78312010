/**
 * A checkpoint on its way to the device.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { type Checkpoint, tensorSpecs } from "../../model/checkpoint.ts";
import type { ModelShape } from "../../model/shape.ts";
import type { LoadOptions } from "../device.ts";
import type { Gpu } from "./gpu.ts";
import { matrixFormat } from "../matrix_format.ts";
import { paddedRows } from "./packing.ts";
import { paddedRank, Uploader } from "./uploader.ts";
import type { LayerWeights, Weights } from "./weights.ts";

/**
 * Uploads a checkpoint.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if F is not a multiple of 32.
 */
export async function uploadWeights(
  gpu: Gpu,
  checkpoint: Checkpoint,
  { quantization, packed, progress }: Omit<LoadOptions, "lanes">,
): Promise<Weights> {
  const { shape } = checkpoint;
  const { L, D, F, V, deep } = shape;
  if (F % 32 !== 0) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot load the model: its feed-forward width ${F} is not a multiple ` +
        "of 32",
    );
  }
  const format = matrixFormat(checkpoint.stored, quantization);
  const total = tensorSpecs(checkpoint.shape).length;
  let done = 0;
  const up = new Uploader(gpu, checkpoint, {
    format,
    ...(packed && { pieces: packed }),
    uploaded: (tensors) => progress?.(done += tensors, total),
  });
  const table = await up.table("emb.weight", D);
  const layers: LayerWeights[] = [];
  for (let l = 0; l < L; l++) {
    layers.push(await uploadLayer(up, shape, l));
  }
  return {
    format,
    table,
    norm: await up.norm("blocks.0.ln0"),
    layers,
    headNorm: await up.norm("ln_out"),
    head: await up.matrix("head", [["head.weight", V]], D),
    ...(deep && {
      deepTurn: await up.matrix(
        "deep turn",
        layers.map((_, l) => [`blocks.${l}.ffn.s_emb_x.weight`, deep * deep]),
        D,
      ),
    }),
  };
}

/** Everything in layer `l`. */
async function uploadLayer(
  up: Uploader,
  { D, F, ranks, deep }: ModelShape,
  l: number,
): Promise<LayerWeights> {
  const block = `blocks.${l}`, att = `${block}.att`, ffn = `${block}.ffn`;
  const v = l === 0 ? 0 : ranks.v;
  const atW = 3 * D + paddedRows(v);
  const atA = atW + paddedRows(ranks.w);
  const atG = atA + paddedRows(ranks.a);
  return {
    attNorm: await up.norm(`${block}.ln1`),
    attLerp: await up.vectors(
      "lerps",
      [..."rkvwag"].map((x) => `${att}.x_${x}`),
    ),
    stack: await up.matrix(`stack`, [
      [`${att}.receptance.weight`, D],
      [`${att}.key.weight`, D],
      [`${att}.value.weight`, D],
      ...(v > 0 ? [[`${att}.v1`, v] as const] : []),
      [`${att}.w1`, ranks.w],
      [`${att}.a1`, ranks.a],
      [`${att}.g1`, ranks.g],
    ], D),
    planes: [D, 2 * D, atW, atA, atG],
    ups: {
      words: await up.turned("ups", [
        [`${att}.w2`, ranks.w],
        [`${att}.a2`, ranks.a],
        ...(v > 0 ? [[`${att}.v2`, v] as const] : []),
        [`${att}.g2`, ranks.g],
      ], D),
      format: up.narrow,
      ranks: {
        w: paddedRank(ranks.w),
        a: paddedRank(ranks.a),
        v: paddedRank(v),
        g: paddedRank(ranks.g),
      },
      at: { v: 3 * D, w: atW, a: atA, g: atG },
    },
    vectors: await up.vectors("vectors", [
      `${att}.w0`,
      `${att}.a0`,
      l === 0 ? undefined : `${att}.v0`,
      `${att}.k_k`,
      `${att}.k_a`,
      `${att}.r_k`,
    ]),
    headsNorm: await up.norm(`${att}.ln_x`),
    output: await up.matrix("output", [[`${att}.output.weight`, D]], D),
    ffnNorm: await up.norm(`${block}.ln2`),
    ffnLerp: await up.vectors(
      "lerp",
      deep ? [`${ffn}.x_k`, undefined] : [`${ffn}.x_k`],
    ),
    key: await up.matrix("key", [
      [`${ffn}.key.weight`, F],
      ...(deep ? [[`${ffn}.s1`, deep] as const] : []),
    ], D),
    value: await up.matrix("value", [[`${ffn}.value.weight`, D]], F),
    ...(deep && {
      deep: {
        table: await up.table(`${ffn}.s_emb.weight`, deep * deep),
        up: await up.turned("deep", [[`${ffn}.s2`, deep]], F, `${ffn}.s0`),
        format: up.narrow,
        rank: deep,
        low: paddedRows(F),
        layer: l * deep * deep,
      },
    }),
  };
}
