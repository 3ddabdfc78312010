/**
 * The memory that a model takes on a device.
 *
 * @module
 */

import { type Sizes, tensorSpecs } from "../model/checkpoint.ts";
import { stateLength } from "../model/shape.ts";
import type { DeviceKind, Quantization } from "./device.ts";
import { layout } from "./wasm/memory_layout.ts";
import { PASS_ROWS } from "./webgpu/buffers.ts";

/** Every way to keep matrices, the widest first. */
export const QUANTIZATIONS: readonly Quantization[] = ["none", "int8", "int4"];

/** What 32-bit addresses reach. */
export const WASM_BYTES = 2 ** 32;

/** Rows of a pass of the wasm device. */
const WASM_ROWS = 64;

/** Bits of a weight on the webgpu device; quantised ones share f16 scales. */
const BITS = { F32: 32, F16: 16, BF16: 16, int8: 8.5, int4: 4.5 } as const;

/** What a model needs depends on these. */
export interface MemoryOptions {
  /** Lanes, those for copies of states too. */
  readonly lanes: number;
  /** How matrices are kept. */
  readonly quantization: Quantization;
  /** Threads of the wasm device. */
  readonly threads: number;
}

/**
 * Bytes that a model takes on a device: on `wasm` to the byte, on `webgpu` within
 * a few percent, as buffers are padded there to whole blocks and bindings.
 */
export function memoryNeeded(
  kind: DeviceKind,
  sizes: Sizes,
  { lanes, quantization, threads }: MemoryOptions,
): number {
  if (kind === "wasm") {
    const options = { lanes, quantization };
    return layout(sizes, options, threads, WASM_ROWS).bytes;
  }
  const { shape } = sizes;
  const { L, D, F, V, deep } = shape;
  const gated = deep === undefined ? 0 : F + 64 + L * deep ** 2;
  const rows = 4 * PASS_ROWS * (24 * D + F + gated);
  const perLane = 4 * (stateLength(shape) + 6 * V);
  return webgpuWeights(sizes, quantization) + rows + lanes * perLane;
}

/** Matrices that are stacked with LoRA matrices there; more with DeepEmbed. */
const STACKED = /\.att\.(receptance|key|value|[wavg]1)(\.weight)?$/;
const STACKED_DEEP =
  /\.(att\.(receptance|value|[wavg]1)|(att|ffn)\.key|ffn\.s1)(\.weight)?$/;

/** Bytes of weights on the webgpu device. */
export function webgpuWeights(
  { shape, stored, small: lora = stored }: Sizes,
  quantization: Quantization,
): number {
  const integers = quantization !== "none";
  const large = integers ? quantization : stored;
  const small = integers && lora === "F32" ? "F16" : lora;
  // What is stacked with LoRA matrices is as wide as they are.
  const stack = integers || lora === stored ? large : "F32";
  const { deep } = shape;
  return tensorSpecs(shape).reduce((sum, { name, shape: [rows, columns] }) => {
    if (columns === undefined || name.endsWith("r_k")) {
      return sum + 4 * rows * (columns ?? 1);
    }
    const stacked = deep === undefined ? STACKED : STACKED_DEEP;
    const bits = BITS[
      /\.(att\.[wavg]|ffn\.s)2$/.test(name)
        ? small
        : stacked.test(name)
        ? stack
        : large
    ];
    return sum + rows * columns * bits / 8;
  }, 0);
}
