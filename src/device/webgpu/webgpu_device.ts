/**
 * The `webgpu` room.
 *
 * @module
 */

import type { Checkpoint, Sizes } from "../../model/checkpoint.ts";
import type {
  Device,
  DeviceCapacity,
  DeviceMemory,
  LoadOptions,
  MemoryOptions,
} from "../device.ts";
import { PASS_ROWS } from "./buffers.ts";
import { Gpu } from "./gpu.ts";
import { webgpuMemory } from "./model_memory.ts";
import { WEBGPU_PACKING } from "./weight_packing.ts";
import { WebGpuModel } from "./webgpu_model.ts";

/** See {@linkcode Device}. */
export class WebGpuDevice implements Device {
  /** Which room this is. */
  readonly kind = "webgpu";
  /** How it packs weights. */
  readonly packing: string = WEBGPU_PACKING;
  /** The adapter's own name, for people. */
  readonly name: string;
  /** What its adapter can hold. */
  readonly capacity: DeviceCapacity;
  readonly #gpu: Gpu;
  readonly #models = new Set<WebGpuModel>();

  /** Takes charge of `gpu`. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.name = gpu.name;
    this.capacity = {
      buffer: gpu.mostBytes,
      lanes: PASS_ROWS,
      own: !gpu.software,
    };
  }

  /** See {@linkcode Device.memory}. */
  memory(sizes: Sizes, options: MemoryOptions): DeviceMemory {
    return webgpuMemory(sizes, options, this.capacity.buffer);
  }

  /** See {@linkcode Device.load}. */
  async load(
    checkpoint: Checkpoint,
    options: LoadOptions,
  ): Promise<WebGpuModel> {
    const model = await WebGpuModel.load(this.#gpu, checkpoint, options);
    this.#models.add(model);
    return model;
  }

  /** Makes the device go away, as drivers do, so that recovery can be tested. */
  lose(): void {
    this.#gpu.device.destroy();
  }

  /** Gives everything back. */
  async dispose(): Promise<void> {
    for (const model of this.#models) await model.dispose();
    this.#gpu.dispose();
  }
}

/**
 * Opens the adapter that the system prefers.
 *
 * @param options `force` takes one that runs shaders on the CPU too; without it,
 * such a one is refused, and the caller does better with the wasm device.
 * @throws {DeviceError} `ERR_DEVICE_UNAVAILABLE`, saying which adapter was found.
 */
export async function openWebGpu(
  { force = false }: { readonly force?: boolean } = {},
): Promise<WebGpuDevice> {
  return new WebGpuDevice(await Gpu.open({ hardware: !force }));
}
