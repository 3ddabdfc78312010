import { assert } from "@std/assert";
import {
  type Bandwidth,
  gpuBandwidth,
  wasmBandwidth,
} from "../../bench/bandwidth.ts";
import { gpu } from "../support/gpu.ts";

/** Faster than a floppy disk, slower than any memory there is. */
function assertPlausible(speed: number): void {
  assert(speed > 1e6 && speed < 1e14, `${speed} bytes a second`);
}

async function measure(bandwidth: Bandwidth, bytes: number): Promise<number> {
  try {
    return await bandwidth.measure(bytes);
  } finally {
    bandwidth.dispose();
  }
}

Deno.test("wasmBandwidth() measures any number of bytes and threads", async () => {
  assertPlausible(await measure(await wasmBandwidth(1), 1));
  assertPlausible(await measure(await wasmBandwidth(2), 1e9));
});

Deno.test("gpuBandwidth() measures what the shader reads", async () => {
  assertPlausible(await measure(gpuBandwidth(gpu), 4 << 20));
});
