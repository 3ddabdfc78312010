/**
 * Which device tests use that are of no device: `GOSLING_TEST_DEVICE`, `wasm` where
 * it says nothing.
 *
 * @module
 */

import type { Device } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";

/** Its name, as `--device` has it. */
export const TEST_DEVICE: "wasm" | "webgpu" =
  Deno.env.get("GOSLING_TEST_DEVICE") === "webgpu" ? "webgpu" : "wasm";

/** Variables of a server that uses it, wasm with one thread. */
export const TEST_DEVICE_ENV: Readonly<Record<string, string>> = {
  GOSLING_DEVICE: TEST_DEVICE,
  GOSLING_THREADS: "1",
};

/** Opens it, a software driver too. */
export function openTestDevice(): Promise<Device> {
  return TEST_DEVICE === "webgpu"
    ? openWebGpu({ force: true })
    : Promise.resolve(wasmDevice({ threads: 1 }));
}
