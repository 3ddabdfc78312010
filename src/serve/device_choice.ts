/**
 * The device that a model goes on.
 *
 * @module
 */

import type { Config } from "../config/settings.ts";
import type { Device } from "../device/device.ts";
import { wasmDevice } from "../device/wasm/wasm_device.ts";
import { openWebGpu } from "../device/webgpu/webgpu_device.ts";
import { DeviceError } from "../errors.ts";

/** A device, and how to get it again if it goes away. */
export interface DeviceChosen {
  /** It. */
  readonly device: Device;
  /** Gets it again. */
  readonly again: () => Promise<Device>;
  /** Why this one; empty where it was asked for. */
  readonly reason: string;
}

/** The device asked for, or the fastest: software WebGPU is no match for wasm. */
export async function chooseDevice(
  { device: kind, threads }: Pick<Config, "device" | "threads">,
): Promise<DeviceChosen> {
  const wasm = () =>
    Promise.resolve(wasmDevice(threads === undefined ? {} : { threads }));
  if (kind === "wasm") {
    return { device: await wasm(), again: wasm, reason: "" };
  }
  const hardware = kind === "auto";
  const webgpu = () => openWebGpu({ force: !hardware });
  calmMesa();
  try {
    return {
      device: await webgpu(),
      again: webgpu,
      reason: hardware ? "the GPU of this machine" : "",
    };
  } catch (error) {
    const none = error instanceof DeviceError &&
      error.code === "ERR_DEVICE_UNAVAILABLE";
    if (!hardware || !none) throw error;
    return { device: await wasm(), again: wasm, reason: error.message };
  }
}

/**
 * Mesa's drivers complain on standard error, past every log, where no folder is
 * named for what they do not use here.
 */
function calmMesa(): void {
  if (Deno.build.os !== "linux") return;
  const name = "XDG_RUNTIME_DIR";
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state !== "granted" || Deno.env.get(name)?.startsWith("/")) return;
  Deno.env.set(name, "/tmp");
}
