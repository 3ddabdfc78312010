/**
 * The device of a model that runs where its user is.
 *
 * @module
 */

import type { Device } from "../device/device.ts";
import { wasmDevice } from "../device/wasm/wasm_device.ts";
import { Gpu } from "../device/webgpu/gpu.ts";
import { openWebGpu, WebGpuDevice } from "../device/webgpu/webgpu_device.ts";
import { DeviceError } from "../errors.ts";
import { inlineKernels, sharedKernels } from "./compiled_kernels.ts";

/** Opens the device asked for, or the fastest there is. */
export async function localDevice(
  asked: "auto" | "wasm" | "webgpu" | GPUDevice,
  threads?: number,
): Promise<Device> {
  if (typeof asked === "object") return new WebGpuDevice(Gpu.on(asked));
  if (asked === "webgpu") return await openWebGpu({ force: true });
  if (asked === "auto") {
    try {
      return await openWebGpu();
    } catch (error) {
      const none = error instanceof DeviceError &&
        error.code === "ERR_DEVICE_UNAVAILABLE";
      if (!none) throw error;
    }
  }
  return await wasm(threads);
}

async function wasm(threads?: number): Promise<Device> {
  const able = canShare();
  if (!able && threads !== undefined && threads > 1) {
    throw new DeviceError(
      "ERR_DEVICE_UNAVAILABLE",
      `Cannot use ${threads} threads: memory cannot be shared here. A page needs ` +
        "the headers Cross-Origin-Opener-Policy: same-origin and " +
        "Cross-Origin-Embedder-Policy: require-corp; or use one thread",
    );
  }
  return able && threads !== 1
    ? wasmDevice({
      kernels: await sharedKernels(),
      ...(threads !== undefined && { threads }),
    })
    : wasmDevice({ inline: true, kernels: await inlineKernels() });
}

/** Whether workers can share memory: pages have to be isolated for that. */
function canShare(): boolean {
  const { crossOriginIsolated, Worker, SharedArrayBuffer } = globalThis as {
    crossOriginIsolated?: boolean;
    Worker?: unknown;
    SharedArrayBuffer?: unknown;
  };
  return Worker !== undefined && SharedArrayBuffer !== undefined &&
    crossOriginIsolated !== false;
}
