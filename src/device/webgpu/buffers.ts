/**
 * The buffers that a model works in: the rows of a pass on their way through the
 * layers, and what each lane keeps.
 *
 * @module
 */

import type { ModelShape } from "../../model/shape.ts";
import { MAX_DRAWN } from "../step_checks.ts";
import type { Gpu } from "./gpu.ts";
import { PARAMETERS, PEAK } from "./kernels/sample.ts";
import { paddedRows } from "./packing.ts";
import { createTensor, type Tensor } from "./tensor.ts";
import { layerStride, type Weights } from "./weights.ts";

/** Rows of a chunk: how much prefill does at once. */
export const PASS_ROWS = 256;

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
  /** The largest of each 256 adjusted logits, and its token. */
  readonly peaks: Tensor;
  /** Tokens still in the draw, ids then weights: `[2, B, V]`. */
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

/** Makes room for `lanes` lanes. */
export function createBuffers(
  gpu: Gpu,
  shape: ModelShape,
  weights: Weights,
  lanes: number,
): WorkBuffers {
  const { L, D, F, V } = shape;
  const R = PASS_ROWS;
  const B = Math.ceil(lanes / 8) * 8;
  const width = paddedRows(V);
  const make = (label: string, ...sizes: number[]) =>
    createTensor(gpu, label, sizes);
  const view = (tensor: Tensor, label: string, ...sizes: number[]): Tensor => ({
    label,
    shape: sizes,
    buffer: tensor.buffer,
  });
  const mixed = make("mixed", 6, R, D);
  const raw = make("raw", R, weights.layers[L - 1].stack.rows);
  const { deepTurn, layers: [{ key }] } = weights;
  return {
    state: weights.layers.map(() => make("state", lanes, layerStride(D))),
    cursors: make("cursors", lanes, 4),
    drawn: make("drawn", lanes, MAX_DRAWN),
    parameters: make("parameters", lanes, PARAMETERS),
    tallies: make("tallies", 2, lanes, V),
    sets: make("sets", lanes, 2, Math.ceil(V / 32)),
    rows: make("rows", R, 4),
    x: make("x", R, D),
    mixed,
    single: view(mixed, "single", 1, R, D),
    rawFirst: view(raw, "raw", R, weights.layers[0].stack.rows),
    raw,
    first: make("first", R, D),
    prepared: make("prepared", 7, R, D),
    y: make("y", 1, R, D),
    hidden: make("hidden", R, F),
    ...(deepTurn && {
      deep: {
        pair: view(mixed, "pair", 2, R, D),
        wide: make("wide", R, key.rows),
        turned: make("turned", R, deepTurn.rows),
      },
    }),
    logits: make("logits", B, width),
    adjusted: make("adjusted", B, width),
    peaks: make("peaks", B, Math.ceil(V / PEAK), 2),
    candidates: make("candidates", 2, B, width),
  };
}

/** Bytes of the largest buffer of {@linkcode createBuffers}. */
export function largestBuffer({ D, F, V }: ModelShape, lanes: number): number {
  const B = Math.ceil(lanes / 8) * 8;
  return 4 * Math.max(
    lanes * layerStride(D),
    lanes * MAX_DRAWN,
    2 * B * paddedRows(V),
    PASS_ROWS * Math.max(7 * D, F),
  );
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
