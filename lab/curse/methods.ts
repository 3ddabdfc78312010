/**
 * Six ways to let a token see the tokens before it, bound to the same stream by
 * the same harness. What differs is what they keep: every key and value, or N × N
 * numbers a head.
 *
 * @module
 */

import type { Dispatch } from "../../src/device/webgpu/dispatch.ts";
import type { Gpu } from "../../src/device/webgpu/gpu.ts";
import { wkv } from "../../src/device/webgpu/kernels/wkv.ts";
import { createTensor, type Tensor } from "../../src/device/webgpu/tensor.ts";
import { N } from "../../src/model/shape.ts";
import {
  delta,
  gatedDelta,
  linear,
  linearPairs,
  softmax,
  softmaxDecode,
  SPAN,
} from "./kernels.ts";
import type { Stream } from "./stream.ts";

/** One way. */
export interface Method {
  /** Its name in results. */
  readonly id: string;
  /** Its name for people. */
  readonly label: string;
  /** Multiply–adds of one head for the token at a position, counted from 1. */
  readonly macs: (position: number) => number;
  /** Bytes of one head kept after a number of tokens, f32. */
  readonly bytes: (tokens: number) => number;
  /**
   * Puts the stream on the device.
   *
   * @param capacity Tokens to make room for. A KV cache is filled with the stream,
   * over and over.
   */
  readonly bind: (gpu: Gpu, stream: Stream, capacity: number) => Bound;
}

/** A method bound to a stream. */
export interface Bound {
  /** What reads the stream's first `T` tokens after `seen` others. */
  readonly prefill: (seen: number, T: number) => Dispatch[];
  /** What reads the stream's first token alone after `seen` others. */
  readonly decode: (seen: number) => Dispatch[];
  /** Outputs, the first `T` of `[T, H, N]`. */
  readonly y: GPUBuffer;
  /** The memory `[H, N, N]` and where it begins, in values. */
  readonly memory?: { readonly buffer: GPUBuffer; readonly at: number };
  /** Frees the buffers. */
  readonly dispose: () => void;
}

const PAIR_VALUES = 2 * N;
const HEAD_MATRIX = N * N;

/** Every method, the quadratic ones first. */
export const METHODS = [
  {
    id: "softmax",
    label: "softmax attention, KV cache",
    macs: (position) => PAIR_VALUES * position,
    bytes: (tokens) => 4 * PAIR_VALUES * tokens,
    bind: bindPairs(softmax),
  },
  {
    id: "linear_pairs",
    label: "linear attention, (QKᵀ)V",
    macs: (position) => PAIR_VALUES * position,
    bytes: (tokens) => 4 * PAIR_VALUES * tokens,
    bind: bindPairs(linearPairs),
  },
  {
    id: "linear",
    label: "linear attention, Q(KᵀV)",
    macs: () => 2 * HEAD_MATRIX,
    bytes: () => 4 * HEAD_MATRIX,
    bind: bindMemory(linear),
  },
  {
    id: "delta",
    label: "delta rule (DeltaNet)",
    macs: () => 3 * HEAD_MATRIX,
    bytes: () => 4 * HEAD_MATRIX,
    bind: bindMemory(delta),
  },
  {
    id: "gated_delta",
    label: "gated delta rule",
    macs: () => 4 * HEAD_MATRIX,
    bytes: () => 4 * HEAD_MATRIX,
    bind: bindMemory(gatedDelta),
  },
  {
    id: "wkv",
    label: "RWKV-7 WKV (Gosling)",
    macs: () => 5 * HEAD_MATRIX,
    bytes: () => 4 * HEAD_MATRIX,
    bind: bindWkv,
  },
] as const satisfies readonly Method[];

/** The id of a method. */
export type MethodId = (typeof METHODS)[number]["id"];

/** The method of an id. */
export function methodOf(id: MethodId): Method {
  return METHODS[METHODS.findIndex((method) => method.id === id)];
}

/** RWKV-7's decay has a floor, e^(−e^−½): one token cannot make it forget all. */
export const LEAST_DECAY = Math.exp(-Math.exp(-0.5));

function upload(gpu: Gpu, stream: Stream) {
  const { T, H, q, k, v, b, g } = stream;
  const vectors = [T, H, N];
  return {
    q: createTensor(gpu, "q", vectors, q),
    k: createTensor(gpu, "k", vectors, k),
    v: createTensor(gpu, "v", vectors, v),
    b: createTensor(gpu, "b", [T, H], b),
    g: createTensor(gpu, "g", [T, H], g),
    y: createTensor(gpu, "y", vectors),
  };
}

function bindPairs(kernel: typeof softmax): Method["bind"] {
  return (gpu, stream, capacity) => {
    const { T: room, H } = stream;
    const { q, k, v, b, g, y } = upload(gpu, stream);
    const keys = createTensor(gpu, "keys", [capacity, H, N]);
    const values = createTensor(gpu, "values", [capacity, H, N]);
    for (let at = 0; at < capacity; at += room) {
      const size = Math.min(room, capacity - at) * H * N;
      const offset = 4 * at * H * N;
      const { queue } = gpu.device;
      queue.writeBuffer(keys.buffer, offset, stream.k, 0, size);
      queue.writeBuffer(values.buffer, offset, stream.v, 0, size);
    }
    const spans = Math.ceil(capacity / SPAN);
    const found = createTensor(gpu, "found", [spans, H, N + 2]);
    return {
      prefill: (seen, T) => [
        kernel(gpu, { seen, T }, { q, k: keys, v: values, y }),
      ],
      decode: (seen) =>
        softmaxDecode(gpu, seen, { q, k, v, y, keys, values, found }),
      y: y.buffer,
      dispose: () => destroy(q, k, v, b, g, y, keys, values, found),
    };
  };
}

function bindMemory(
  kernel: (
    gpu: Gpu,
    T: number,
    tensors: Parameters<typeof gatedDelta>[2],
  ) => Dispatch,
): Method["bind"] {
  return (gpu, stream) => {
    const tensors = upload(gpu, stream);
    const state = createTensor(gpu, "state", [stream.H, N, N]);
    const prefill = (_: number, T: number) => [
      kernel(gpu, T, { ...tensors, state }),
    ];
    return {
      prefill,
      decode: (seen) => prefill(seen, 1),
      y: tensors.y.buffer,
      memory: { buffer: state.buffer, at: 0 },
      dispose: () => destroy(...Object.values(tensors), state),
    };
  };
}

/** Rows are rounded up to this many: each number of rows is compiled anew. */
const ROWS_STEP = 1024;

/**
 * Binds the engine's own kernel. A stream's write strength scales the value's key
 * and is the removal rate; its gate is every channel's decay. The kernel also
 * norms its outputs over the head, which the others leave to their layer.
 */
function bindWkv(gpu: Gpu, stream: Stream): Bound {
  const { T, H, q, k, v, b, g } = stream;
  const D = H * N;
  const room = Math.ceil(T / ROWS_STEP) * ROWS_STEP;
  const plane = room * D;
  const each = (value: (at: number, head: number) => number) =>
    Float32Array.from({ length: T * D }, (_, i) => value(i, Math.floor(i / N)));
  const prepared = new Float32Array(7 * plane); // the bonus stays 0
  prepared.set(each((_, head) => Math.max(g[head], LEAST_DECAY)), 0);
  prepared.set(each((at, head) => b[head] * k[at]), plane);
  prepared.set(v, 2 * plane);
  prepared.set(k, 3 * plane);
  prepared.set(each((at, head) => b[head] * k[at]), 4 * plane);
  prepared.fill(1, 5 * plane, 6 * plane);

  const vectors = new Float32Array(8 * D);
  vectors.fill(1, 6 * D, 7 * D); // the norm's weight; its bias stays 0
  const tensors = {
    raw: createTensor(gpu, "raw", [room, D], padded(q, plane)),
    prepared: createTensor(gpu, "prepared", [7, room, D], prepared),
    vectors: createTensor(gpu, "vectors", [8, D], vectors),
    state: createTensor(gpu, "state", [1, D * (N + 2)]),
    y: createTensor(gpu, "y", [1, room, D]),
  };
  const segments: Tensor[] = [];
  const prefill = (_: number, T: number) => {
    const segment = new Uint32Array(4 * room);
    segment[2] = T;
    const rows = createTensor(gpu, "rows", [room, 4], segment);
    segments.push(rows);
    return [wkv(gpu, { ...tensors, rows })];
  };
  return {
    prefill,
    decode: (seen) => prefill(seen, 1),
    y: tensors.y.buffer,
    memory: { buffer: tensors.state.buffer, at: D },
    dispose: () => destroy(...Object.values(tensors), ...segments),
  };
}

function padded(
  values: Float32Array,
  length: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}

function destroy(...tensors: Tensor[]): void {
  for (const { buffer } of tensors) buffer.destroy();
}
