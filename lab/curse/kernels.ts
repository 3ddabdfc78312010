/**
 * The kernels of `lab/curse/shaders/`, one wrapper each. Shapes are checked here.
 *
 * @module
 */

import deltaSource from "./shaders/delta.wgsl" with { type: "text" };
import gatedDeltaSource from "./shaders/gated_delta.wgsl" with {
  type: "text",
};
import linearSource from "./shaders/linear.wgsl" with {
  type: "text",
};
import linearPairsSource from "./shaders/linear_pairs.wgsl" with {
  type: "text",
};
import softmaxSource from "./shaders/softmax.wgsl" with {
  type: "text",
};
import decodeSource from "./shaders/softmax_decode.wgsl" with {
  type: "text",
};
import mergeSource from "./shaders/softmax_merge.wgsl" with {
  type: "text",
};
import type { Dispatch } from "../../src/device/webgpu/dispatch.ts";
import type { Gpu } from "../../src/device/webgpu/gpu.ts";
import { expectShape, type Tensor } from "../../src/device/webgpu/tensor.ts";
import { N } from "../../src/model/shape.ts";

/** Queries of one workgroup of the pair kernels. */
const PAIR_ROWS = 32;

/** Keys of one workgroup of `softmax_decode`. */
export const SPAN = 256;

/** Where a chunk lies in its text. */
export interface Chunk {
  /** Tokens before it. */
  readonly seen: number;
  /** Tokens in it. */
  readonly T: number;
}

/** What every method reads and writes. */
export interface Vectors {
  /** Queries, `[T, H, N]`. */
  readonly q: Tensor;
  /** Keys, `[T, H, N]`. */
  readonly k: Tensor;
  /** Values, `[T, H, N]`. */
  readonly v: Tensor;
  /** Outputs, `[T, H, N]`. */
  readonly y: Tensor;
}

/** What the methods with a memory of fixed size bind besides. */
export interface Recurrent extends Vectors {
  /** `[H, N, N]`: read before the chunk, written after it. */
  readonly state: Tensor;
}

/** Causal softmax attention; `k` and `v` are the KV cache, `[seen + T or more, H, N]`. */
export function softmax(gpu: Gpu, chunk: Chunk, vectors: Vectors): Dispatch {
  return pairs(gpu, "softmax", softmaxSource, chunk, vectors);
}

/** Linear attention as (Q Kᵀ) V; `k` and `v` as in {@linkcode softmax}. */
export function linearPairs(
  gpu: Gpu,
  chunk: Chunk,
  vectors: Vectors,
): Dispatch {
  return pairs(gpu, "linear_pairs", linearPairsSource, chunk, vectors);
}

function pairs(
  gpu: Gpu,
  label: string,
  source: string,
  { seen, T }: Chunk,
  { q, k, v, y }: Vectors,
): Dispatch {
  const [room, H] = q.shape;
  const [keys] = k.shape;
  if (T > room || seen + T > keys) {
    throw new RangeError(
      `Cannot read ${T} tokens after ${seen}: there is room for ${room} ` +
        `queries and ${keys} keys`,
    );
  }
  for (const x of [q, y]) expectShape(x, [room, H, N]);
  for (const x of [k, v]) expectShape(x, [keys, H, N]);
  return gpu.dispatch({
    label,
    source,
    constants: { H },
    tensors: [uniform(gpu, seen, T), q, k, v, y],
    grid: () => [H, Math.ceil(T / PAIR_ROWS)],
  });
}

/** Linear attention as Q (Kᵀ V). */
export function linear(gpu: Gpu, T: number, vectors: Recurrent): Dispatch {
  return recurrent(gpu, "linear", linearSource, T, vectors, []);
}

/** DeltaNet's delta rule; `b` is the write strength in [0, 1], `[T, H]`. */
export function delta(
  gpu: Gpu,
  T: number,
  { b, ...vectors }: Recurrent & { readonly b: Tensor },
): Dispatch {
  return recurrent(gpu, "delta", deltaSource, T, vectors, [b]);
}

/** Gated DeltaNet's rule; `g` is the gate in [0, 1], `[T, H]`. */
export function gatedDelta(
  gpu: Gpu,
  T: number,
  { b, g, ...vectors }: Recurrent & { readonly b: Tensor; readonly g: Tensor },
): Dispatch {
  return recurrent(gpu, "gated_delta", gatedDeltaSource, T, vectors, [b, g]);
}

function recurrent(
  gpu: Gpu,
  label: string,
  source: string,
  T: number,
  { q, k, v, y, state }: Recurrent,
  scalars: readonly Tensor[],
): Dispatch {
  const [room, H] = q.shape;
  if (T > room) {
    throw new RangeError(`Cannot read ${T} tokens: there is room for ${room}`);
  }
  for (const x of [q, k, v, y]) expectShape(x, [room, H, N]);
  for (const x of scalars) expectShape(x, [room, H]);
  expectShape(state, [H, N, N]);
  return gpu.dispatch({
    label,
    source,
    constants: { H },
    tensors: [uniform(gpu, T), q, k, v, ...scalars, state, y],
    grid: () => [H],
  });
}

/** What one step of decoding binds. */
export interface DecodeTensors extends Vectors {
  /** Keys so far, `[capacity, H, N]`; the token's own is written into it. */
  readonly keys: Tensor;
  /** Values so far, `[capacity, H, N]`; the token's own is written into it. */
  readonly values: Tensor;
  /** Room for what each span found, `[ceil(capacity / SPAN), H, N + 2]`. */
  readonly found: Tensor;
}

/**
 * Softmax attention of one token: adds it to the KV cache of `seen` tokens and
 * attends to all of it. Reads the first token of `q k v`, writes that of `y`.
 */
export function softmaxDecode(
  gpu: Gpu,
  seen: number,
  { q, k, v, y, keys, values, found }: DecodeTensors,
): Dispatch[] {
  const [capacity, H] = keys.shape;
  if (seen >= capacity) {
    throw new RangeError(
      `Cannot add token ${seen}: the KV cache has room for ${capacity}`,
    );
  }
  for (const x of [q, k, v, y]) expectShape(x, [q.shape[0], H, N]);
  for (const x of [keys, values]) expectShape(x, [capacity, H, N]);
  expectShape(found, [Math.ceil(capacity / SPAN), H, N + 2]);
  const step = uniform(gpu, seen);
  return [
    gpu.dispatch({
      label: "softmax_decode",
      source: decodeSource,
      constants: { H },
      tensors: [step, q, k, v, keys, values, found],
      grid: () => [H, Math.floor(seen / SPAN) + 1],
    }),
    gpu.dispatch({
      label: "softmax_merge",
      source: mergeSource,
      constants: { H },
      tensors: [step, found, y],
      grid: () => [H],
    }),
  ];
}

function uniform(gpu: Gpu, ...values: number[]): Tensor {
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = gpu.buffer("chunk", 4 * values.length, usage);
  gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(values));
  return { label: "chunk", shape: [values.length], buffer };
}
