import { assert, assertEquals } from "@std/assert";
import { randomCheckpoint } from "../../support/models/random_model.ts";
import {
  allBuffers,
  clearLaneBuffers,
  createBuffers,
} from "../../../src/device/webgpu/buffers.ts";
import type { Tensor } from "../../../src/device/webgpu/tensor.ts";
import { gpu, read } from "../../support/gpu.ts";

const LANES = 3, LANE = 1;

Deno.test("wipe() leaves nothing but states and what other lanes keep", async () => {
  const checkpoint = randomCheckpoint({ L: 2, D: 64, V: 96, deep: 8 });
  const room = createBuffers(gpu, checkpoint.shape, LANES);
  for (const buffer of allBuffers(room)) {
    const ones = new Uint32Array(buffer.size / 4).fill(1);
    gpu.device.queue.writeBuffer(buffer, 0, ones);
  }
  const encoder = gpu.device.createCommandEncoder();
  clearLaneBuffers(encoder, room, LANE);
  gpu.device.queue.submit([encoder.finish()]);

  const { state, cursors, drawn, parameters, tallies, sets, ...rest } = room;
  const { deep, ...passes } = rest;
  assert(deep !== undefined);
  for (const tensor of state) {
    assertEquals(await rows(tensor, LANES), [1, 1, 1]);
  }
  for (const tensor of [cursors, drawn, parameters, sets]) {
    assertEquals(await rows(tensor, LANES), [1, 0, 1], tensor.label);
  }
  assertEquals(await rows(tallies, 2 * LANES), [1, 0, 1, 1, 0, 1]);
  for (const tensor of [...Object.values(passes), ...Object.values(deep)]) {
    assertEquals(await rows(tensor, 1), [0], tensor.label);
  }
  for (const buffer of allBuffers(room)) buffer.destroy();
});

/** What each row of a tensor is full of; NaN where it is not one number. */
async function rows(tensor: Tensor, count: number): Promise<number[]> {
  const floats = await read(tensor);
  const words = new Uint32Array(
    floats.buffer,
    floats.byteOffset,
    floats.length,
  );
  const width = words.length / count;
  return Array.from({ length: count }, (_, row) => {
    const [first, ...rest] = new Set(
      words.subarray(row * width, (row + 1) * width),
    );
    return rest.length === 0 ? first : NaN;
  });
}
