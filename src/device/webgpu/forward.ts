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
import { mix, type MixTensors } from "./kernels/mix.ts";
import { normalize } from "./kernels/normalize.ts";
import { prepare } from "./kernels/prepare.ts";
import {
  canMix,
  matmul,
  mixProduct,
  product,
  type ProductOptions,
  type ProductTensors,
  type Shared,
  sharedBy,
  type Tile,
  tileFor,
} from "./kernels/product.ts";
import { wkv } from "./kernels/wkv.ts";
import type { MatrixFormat } from "../matrix_format.ts";
import { PASS_ROWS, type WorkBuffers } from "./buffers.ts";
import type { Tensor } from "./tensor.ts";
import type { LayerWeights, Weights } from "./weights.ts";

/**
 * How a pass goes: by one row of each lane, so many in a workgroup of a product; or
 * by rows of a lane that follow each other, few or many.
 */
export type Path = Tile | "few" | "chunk";

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
  { headNorm: vectors, head: matrix }: Weights,
  room: WorkBuffers,
  { path, logits }: { path: Path; logits: Tensor },
): Dispatch[] {
  const { rows, x, single, carried } = room;
  if (mixesOnTheWay(path, room)) {
    const tensors = { matrix, rows, x, vectors, carried, y: logits };
    return mixProduct(gpu, tensors, {});
  }
  return [
    normalize(gpu, { x, norm: vectors, out: single }),
    ...multiply(gpu, { matrix, x: single, y: logits }, { path }),
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
  const { rows, first, carried, prepared, y } = room;
  const state = room.state[layer];
  const raw = layer === 0 ? room.rawFirst : room.raw;
  const { ups, vectors, planes, output } = w;
  const carries = mixesOnTheWay(path, room);
  return [
    ...mixed(gpu, room, {
      ...{ path, layer, vectors: w.attMix, mixed: room.mixed },
      ...{ matrix: w.stack, y: raw, planes },
      shift: "att",
      tanh: 3, // the plane of w
      sigmoid: 5, // the plane of g
    }),
    ...(path === "chunk" || path === "few"
      ? [
        prepare(gpu, { raw, ups, vectors, first, prepared }, { layer }),
        wkv(gpu, { rows, raw, prepared, vectors, state, y }),
      ]
      : [
        advance(
          gpu,
          { rows, raw, ups, vectors, first, state, carried, y },
          { layer, carries },
        ),
      ]),
    ...multiply(gpu, { matrix: output, x: y, y: room.x }, {
      path,
      ...added(gpu, room),
    }),
  ];
}

function channelMixing(
  gpu: Gpu,
  w: LayerWeights,
  room: WorkBuffers,
  { layer, path, format }: At & { readonly format: MatrixFormat },
): Dispatch[] {
  const { x, hidden } = room;
  const plane: Tensor = { ...hidden, shape: [1, ...hidden.shape] };
  const key = {
    ...{ path, layer, vectors: w.ffnMix, matrix: w.key },
    shift: "ffn",
    mixed: room.deep?.pair ?? room.single,
  } as const;
  const expand = w.deep && room.deep
    ? [
      ...mixed(gpu, room, { ...key, y: room.deep.wide, planes: [w.deep.low] }),
      ...deep(gpu, { ...room, ...room.deep }, w.deep, format),
    ]
    : mixed(gpu, room, { ...key, y: hidden, relu2: true });
  return [
    ...expand,
    ...multiply(gpu, { matrix: w.value, x: plane, y: x }, {
      path,
      ...added(gpu, room),
    }),
  ];
}

/** Whether a pass is one row, and its mixes fit beside the products. */
function mixesOnTheWay(path: Path, { x }: WorkBuffers): boolean {
  return path === 1 && canMix(x.shape[1]);
}

/** A product with mixes of each row and the one before. */
function mixed(
  gpu: Gpu,
  room: WorkBuffers,
  { path, layer, shift, matrix, vectors, mixed, y, ...options }:
    & At
    & Omit<ProductOptions, "add">
    & Pick<ProductTensors, "matrix" | "y">
    & Pick<MixTensors, "vectors" | "mixed">
    & { readonly shift: "att" | "ffn" },
): Dispatch[] {
  const { rows, x, carried } = room;
  const state = room.state[layer];
  if (mixesOnTheWay(path, room)) {
    const tensors = { matrix, rows, x, vectors, state, carried, y };
    return mixProduct(gpu, tensors, { shift, ...options });
  }
  return [
    mix(gpu, { rows, x, vectors, state, mixed }, shift),
    ...multiply(gpu, { matrix, x: mixed, y }, { path, ...options }),
  ];
}

/** Of a product that adds to the residual stream, which no row mixes on its way. */
function added({ software }: Gpu, { cursors }: WorkBuffers) {
  const [lanes] = cursors.shape;
  return { add: true, share: sharedBy(lanes, software) };
}

function multiply(
  gpu: Gpu,
  tensors: ProductTensors,
  { path, ...options }: ProductOptions & {
    readonly path: Path;
    readonly share?: Shared;
  },
): Dispatch[] {
  if (path === "chunk") return matmul(gpu, tensors, options);
  const tile = path === "few" ? tileFor(PASS_ROWS, gpu.software) : path;
  return product(gpu, tensors, { ...options, tile });
}
