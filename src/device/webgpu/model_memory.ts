/**
 * What a model takes on a WebGPU device, to the byte: the sum of the buffers that
 * loading it makes.
 *
 * @module
 */

import type { Sizes } from "../../model/checkpoint.ts";
import type { DeviceMemory, MemoryOptions } from "../device.ts";
import { plannedBuffers } from "./buffers.ts";
import { bufferBytes } from "./gpu.ts";
import { TABLES_BYTES } from "./passes.ts";
import { plannedBytes, planWeights } from "./weight_plan.ts";
import { layerStride } from "./weights.ts";

/**
 * What {@linkcode WebGpuModel.load} takes.
 *
 * @param most Bytes of a binding at most: more parts have a little more padding.
 */
export function webgpuMemory(
  sizes: Sizes,
  { lanes, quantization }: MemoryOptions,
  most = Infinity,
): DeviceMemory {
  const { shape } = sizes;
  const buffers = plannedBuffers(shape, lanes);
  const others = buffers.reduce((sum, bytes) => sum + bytes, 0) +
    bufferBytes(TABLES_BYTES) + bufferBytes(4 * layerStride(shape.D));
  return {
    bytes: plannedBytes(planWeights(sizes, quantization), most) + others,
    buffer: Math.max(...buffers),
  };
}
