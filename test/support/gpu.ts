/**
 * One device for all kernel tests of a file. It is released with the process: a
 * lost device is a test of its own.
 *
 * @module
 */

import { type Dispatch, encode } from "../../src/device/webgpu/dispatch.ts";
import { Gpu } from "../../src/device/webgpu/gpu.ts";
import { createTensor, type Tensor } from "../../src/device/webgpu/tensor.ts";

/** The adapter of this machine, software or not: kernel tests never skip. */
export const gpu: Gpu = await Gpu.open({ hardware: false });

/** A tensor of f32 values. */
export function tensor(
  label: string,
  shape: readonly number[],
  values?: ArrayLike<number>,
): Tensor {
  return createTensor(gpu, label, shape, values && Float32Array.from(values));
}

/** A tensor of u32 words. */
export function words(
  label: string,
  shape: readonly number[],
  values: ArrayLike<number>,
): Tensor {
  return createTensor(gpu, label, shape, Uint32Array.from(values));
}

/** The rows table of segments that follow each other, one a lane. */
export function segments(
  lengths: readonly number[],
  { room, lanes }: { room: number; lanes?: readonly number[] },
): Tensor {
  const table = new Uint32Array(4 * room);
  let row = 0;
  lengths.forEach((length, s) => {
    table[4 * s + 3] = row;
    for (let t = 0; t < length; t++, row++) {
      table[4 * row + 1] = lanes?.[s] ?? s;
      table[4 * row + 2] = t === 0 ? length : 0;
    }
  });
  return words("rows", [room, 4], table);
}

/** Runs dispatches in order; the device must accept all of it. */
export async function run(
  plan: readonly Dispatch[],
  size: { rows?: number; segments?: number } = {},
): Promise<void> {
  await gpu.checked("run a test", () => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass, plan, { rows: 1, segments: 1, ...size });
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
}

/** Downloads a tensor. */
export async function read(
  { buffer, shape }: Tensor,
): Promise<Float32Array<ArrayBuffer>> {
  const size = 4 * shape.reduce((a, b) => a * b, 1);
  const staging = gpu.device.createBuffer({
    size: Math.ceil(size / 4) * 4,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
  gpu.device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}
