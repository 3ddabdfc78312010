/**
 * The buffers that a model works in: the rows of a pass on their way through the
 * layers, and what each lane keeps.
 *
 * @module
 */

import type { ModelShape } from "../../model/shape.ts";
import { MAX_DRAWN } from "../step_checks.ts";
import type { Gpu } from "./gpu.ts";
import { tileFor } from "./kernels/product.ts";
import { PARAMETERS, PEAK } from "./kernels/sample.ts";
import { paddedRows } from "./weight_packing.ts";
import { createTensor, type Tensor, tensorBytes } from "./tensor.ts";
import { planWeights, stackedRows } from "./weight_plan.ts";
import { layerStride } from "./weights.ts";

/** Rows of a chunk: how much prefill does at once. */
export const PASS_ROWS = 256;

/** Counts of a lane up to which each is uploaded by itself. */
export const FEW_COUNTS = 32;

/** What lanes keep between passes. */
export interface LaneBuffers {
  /** One tensor a layer: `[B, D · (N + 2)]`. */
  readonly state: readonly Tensor[];
  /** Token drawn last, done, pending, tokens drawn in this step: `[B, 4]`. */
  readonly cursors: Tensor;
  /** Tokens drawn in this step, `[B, MAX_DRAWN]`. */
  readonly drawn: Tensor;
  /** How each lane samples, `[B, 16]`. */
  readonly parameters: Tensor;
  /** Decayed counts, then logit biases: `[2, B, V]`. */
  readonly tallies: Tensor;
  /** Counts on their way to tallies, where there are few: `[B, FEW_COUNTS]`. */
  readonly counts: Tensor;
  /** Tokens allowed, then stop tokens: bits, `[B, 2, V / 32]`. */
  readonly sets: Tensor;
}

/** What a pass works in. R is {@linkcode PASS_ROWS}. */
export interface WorkBuffers extends LaneBuffers {
  /** The rows table, `[R, 4]` u32. */
  readonly rows: Tensor;
  /** The residual stream, `[R, D]`. */
  readonly x: Tensor;
  /** Mixes of a row with the one before, `[6, R, D]`. */
  readonly mixed: Tensor;
  /** Shifts on their way from and to the state of a pass's one row, `[2, D]`. */
  readonly carried: Tensor;
  /** The feed-forward's mix, or the head's input, `[1, R, D]`. */
  readonly single: Tensor;
  /** Products of the first layer's stack; it has no value LoRA. */
  readonly rawFirst: Tensor;
  /** Products of the other layers' stacks, `[R, WIDTH]`. */
  readonly raw: Tensor;
  /** The first layer's values, `[R, D]`. */
  readonly first: Tensor;
  /** w, k, v, kappa, kappa·a, g, bonus: `[7, R, D]`. */
  readonly prepared: Tensor;
  /** What attention reads from memory, `[1, R, D]`. */
  readonly y: Tensor;
  /** The feed-forward's hidden values, `[R, F]`. */
  readonly hidden: Tensor;
  /** What only models with DeepEmbed work in. */
  readonly deep?: DeepBuffers;
  /** Logits of the rows of a decode pass, `[B, V]`, both padded. */
  readonly logits: Tensor;
  /** Logits after penalties, bias and mask, the same shape. */
  readonly adjusted: Tensor;
  /** Of each 256 adjusted logits the largest, its token, and the weight. */
  readonly peaks: Tensor;
  /** Tokens still in the draw, ids and keys: `[B, V, 2]`, padded. */
  readonly candidates: Tensor;
}

/** Room for DeepEmbed. */
export interface DeepBuffers {
  /** The feed-forward's mix, then its input unmixed, `[2, R, D]`. */
  readonly pair: Tensor;
  /** Products of key and s1, `[R, WIDTH]`. */
  readonly wide: Tensor;
  /** What embeddings add to tokens' matrices, `[R, L · r²]`. */
  readonly turned: Tensor;
}

/** Shapes of the buffers that are not views of others. */
interface BufferShapes {
  /** One of these a layer. */
  readonly state: readonly number[];
  /** The others by their names in {@linkcode WorkBuffers}. */
  readonly own: Readonly<Record<OwnBuffer, readonly number[]>>;
  /** That of {@linkcode WorkBuffers.rawFirst}, a view. */
  readonly rawFirst: readonly number[];
  /** Those of {@linkcode DeepBuffers}. */
  readonly deep?: Readonly<Record<"wide" | "turned", readonly number[]>>;
}

type OwnBuffer = Exclude<
  keyof WorkBuffers,
  "state" | "single" | "rawFirst" | "deep"
>;

/** What a model's buffers are, whatever its weights are kept as. */
function bufferShapes(shape: ModelShape, lanes: number): BufferShapes {
  const { D, F, V, deep } = shape;
  const R = PASS_ROWS;
  const widest = Math.max(8, tileFor(lanes, false));
  const B = Math.ceil(lanes / widest) * widest;
  const width = paddedRows(V);
  const { layers, deepTurn } = planWeights({ shape, stored: "F32" }, "none");
  return {
    state: [lanes, layerStride(D)],
    own: {
      cursors: [lanes, 4],
      drawn: [lanes, MAX_DRAWN],
      parameters: [lanes, PARAMETERS],
      tallies: [2, lanes, V],
      counts: [lanes, FEW_COUNTS],
      sets: [lanes, 2, Math.ceil(V / 32)],
      rows: [R, 4],
      x: [R, D],
      mixed: [6, R, D],
      carried: [2, D],
      raw: [R, stackedRows(layers[layers.length - 1].stack)],
      first: [R, D],
      prepared: [7, R, D],
      y: [1, R, D],
      hidden: [R, F],
      logits: [B, width],
      adjusted: [B, width],
      peaks: [B, Math.ceil(V / PEAK), 4],
      candidates: [B, width, 2],
    },
    rawFirst: [R, stackedRows(layers[0].stack)],
    ...(deep !== undefined && deepTurn !== undefined && {
      deep: {
        wide: [R, stackedRows(layers[0].key)],
        turned: [R, stackedRows(deepTurn)],
      },
    }),
  };
}

/** Makes room for `lanes` lanes. */
export function createBuffers(
  gpu: Gpu,
  shape: ModelShape,
  lanes: number,
): WorkBuffers {
  const { L, D } = shape;
  const R = PASS_ROWS;
  const { state, own, rawFirst, deep } = bufferShapes(shape, lanes);
  const make = (label: string, sizes: readonly number[]) =>
    createTensor(gpu, label, sizes);
  const view = (
    { buffer }: Tensor,
    label: string,
    sizes: readonly number[],
  ): Tensor => ({ label, shape: sizes, buffer });
  const made = Object.fromEntries(
    Object.entries(own).map(([name, sizes]) => [name, make(name, sizes)]),
  ) as Record<OwnBuffer, Tensor>;
  return {
    ...made,
    state: Array.from({ length: L }, () => make("state", state)),
    single: view(made.mixed, "single", [1, R, D]),
    rawFirst: view(made.raw, "raw", rawFirst),
    ...(deep && {
      deep: {
        pair: view(made.mixed, "pair", [2, R, D]),
        wide: make("wide", deep.wide),
        turned: make("turned", deep.turned),
      },
    }),
  };
}

/** Bytes of each buffer of {@linkcode createBuffers}. */
export function plannedBuffers(shape: ModelShape, lanes: number): number[] {
  const { state, own, deep } = bufferShapes(shape, lanes);
  const shapes = [
    ...Object.values(own),
    ...(deep === undefined ? [] : Object.values(deep)),
    ...Array.from({ length: shape.L }, () => state),
  ];
  return shapes.map(tensorBytes);
}

/**
 * Zeroes what a lane leaves besides its state, and what passes leave: between
 * steps nothing of it is needed.
 */
export function clearLaneBuffers(
  encoder: GPUCommandEncoder,
  room: WorkBuffers,
  lane: number,
): void {
  const { cursors, drawn, parameters, tallies, sets } = room;
  const kept = new Set([
    ...room.state,
    cursors,
    drawn,
    parameters,
    tallies,
    sets,
  ]);
  for (const tensor of tensorsOf(room)) {
    if (!kept.has(tensor)) encoder.clearBuffer(tensor.buffer);
  }
  for (const { buffer, shape } of [cursors, drawn, parameters, sets]) {
    clearRow(encoder, buffer, shape, lane);
  }
  const [, lanes, V] = tallies.shape;
  for (const row of [lane, lanes + lane]) {
    clearRow(encoder, tallies.buffer, [2 * lanes, V], row);
  }
}

/** Zeroes `row` of a buffer of this shape. */
function clearRow(
  encoder: GPUCommandEncoder,
  buffer: GPUBuffer,
  [, ...rest]: readonly number[],
  row: number,
): void {
  const bytes = 4 * rest.reduce((product, size) => product * size);
  encoder.clearBuffer(buffer, row * bytes, bytes);
}

/** Every buffer of a room, once. */
export function allBuffers(room: WorkBuffers): GPUBuffer[] {
  return [...new Set(tensorsOf(room).map(({ buffer }) => buffer))];
}

function tensorsOf({ deep, ...others }: WorkBuffers): Tensor[] {
  const tensors: (Tensor | readonly Tensor[])[] = Object.values(others);
  return [...tensors.flat(), ...Object.values(deep ?? {})];
}
