/**
 * The forward pass as a list of dispatches, in the order of the paper.
 *
 * @module
 */

import type { Dispatch } from "./dispatch.ts";
import type { Gpu } from "./gpu.ts";
import { advance } from "./kernels/advance.ts";
import { deep } from "./kernels/deep.ts";
import { embed } from "./kernels/embed.ts";
import { mix } from "./kernels/mix.ts";
import { normalize } from "./kernels/normalize.ts";
import { prepare } from "./kernels/prepare.ts";
import {
  matmul,
  product,
  type ProductOptions,
  type ProductTensors,
  type Tile,
} from "./kernels/product.ts";
import { wkv } from "./kernels/wkv.ts";
import type { MatrixFormat } from "../matrix_format.ts";
import type { WorkBuffers } from "./buffers.ts";
import type { Tensor } from "./tensor.ts";
import type { LayerWeights, Weights } from "./weights.ts";

/** How a pass multiplies: rows of a workgroup in decode, or in tiles. */
export type Path = Tile | "chunk";

/** From tokens to the residual stream after the last layer. */
export function layersPlan(
  gpu: Gpu,
  weights: Weights,
  room: WorkBuffers,
  path: Path,
): Dispatch[] {
  const { format, norm, table, deepTurn } = weights;
  const [R, D] = room.x.shape;
  const embedded: Tensor = { ...room.x, shape: [1, R, D] };
  return [
    ...table.map((part) => embed(gpu, { ...room, part, norm }, format)),
    ...(deepTurn && room.deep
      ? multiply(gpu, {
        matrix: deepTurn,
        x: embedded,
        y: room.deep.turned,
      }, { path })
      : []),
    ...weights.layers.flatMap((w, layer) => [
      ...timeMixing(gpu, w, room, { layer, path }),
      ...channelMixing(gpu, w, room, { layer, path, format }),
    ]),
  ];
}

/** From the residual stream to logits. */
export function headPlan(
  gpu: Gpu,
  { headNorm, head }: Weights,
  { x, single }: WorkBuffers,
  { path, logits }: { path: Path; logits: Tensor },
): Dispatch[] {
  return [
    normalize(gpu, { x, norm: headNorm, out: single }),
    ...multiply(gpu, { matrix: head, x: single, y: logits }, { path }),
  ];
}

interface At {
  readonly layer: number;
  readonly path: Path;
}

function timeMixing(
  gpu: Gpu,
  w: LayerWeights,
  room: WorkBuffers,
  { layer, path }: At,
): Dispatch[] {
  const { rows, x, mixed, first, prepared, y } = room;
  const state = room.state[layer];
  const raw = layer === 0 ? room.rawFirst : room.raw;
  const { ups, vectors, planes } = w;
  return [
    mix(gpu, { rows, x, vectors: w.attMix, state, mixed }, "att"),
    ...multiply(gpu, { matrix: w.stack, x: mixed, y: raw }, {
      path,
      planes,
      tanh: 3, // the plane of w
      sigmoid: 5, // the plane of g
    }),
    ...(path === "chunk"
      ? [
        prepare(gpu, { raw, ups, vectors, first, prepared }, { layer }),
        wkv(gpu, { rows, raw, prepared, vectors, state, y }),
      ]
      : [
        advance(
          gpu,
          { rows, raw, ups, vectors, first, state, y },
          { layer },
        ),
      ]),
    ...multiply(gpu, { matrix: w.output, x: y, y: x }, { path, add: true }),
  ];
}

function channelMixing(
  gpu: Gpu,
  w: LayerWeights,
  room: WorkBuffers,
  { layer, path, format }: At & { readonly format: MatrixFormat },
): Dispatch[] {
  const { rows, x, hidden } = room;
  const state = room.state[layer];
  const { key: matrix } = w;
  const mixed = room.deep?.pair ?? room.single;
  const plane: Tensor = { ...hidden, shape: [1, ...hidden.shape] };
  const expand = w.deep && room.deep
    ? [
      ...multiply(gpu, { matrix, x: mixed, y: room.deep.wide }, {
        path,
        planes: [w.deep.low],
      }),
      ...deep(gpu, { ...room, ...room.deep }, w.deep, format),
    ]
    : multiply(gpu, { matrix, x: mixed, y: hidden }, { path, relu2: true });
  return [
    mix(gpu, { rows, x, vectors: w.ffnMix, state, mixed }, "ffn"),
    ...expand,
    ...multiply(gpu, { matrix: w.value, x: plane, y: x }, { path, add: true }),
  ];
}

function multiply(
  gpu: Gpu,
  tensors: ProductTensors,
  { path, ...options }: ProductOptions & { readonly path: Path },
): Dispatch[] {
  return path === "chunk"
    ? matmul(gpu, tensors, options)
    : product(gpu, tensors, { ...options, tile: path });
}
