/**
 * WebGPU devices for the tests of one file, all on the same `GPUDevice`: each
 * pipeline is compiled once a file, and not once a model.
 *
 * @module
 */

import { Gpu } from "../../src/device/webgpu/gpu.ts";
import { WebGpuDevice } from "../../src/device/webgpu/webgpu_device.ts";

let gpu: Promise<Gpu> | undefined;

/** Opens a device on the adapter of this machine, software or not. */
export async function sharedWebGpu(): Promise<WebGpuDevice> {
  gpu ??= Gpu.open({ hardware: false });
  return new WebGpuDevice(Gpu.on((await gpu).device));
}
