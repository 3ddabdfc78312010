import { sample } from "../../src/device/webgpu/kernels/sample.ts";
import { createBuffers } from "../../src/device/webgpu/buffers.ts";
import { packSampling } from "../../src/device/webgpu/sampling_table.ts";
import { DRAWS } from "../../src/device/webgpu/pass_schedule.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import { gpu, words } from "../../test/support/gpu.ts";
import { random, uniform } from "../../test/support/random.ts";
import { benchPlan, F32, shape } from "./layer.ts";

const V = 65_536;

for (
  const [name, sampling] of [
    ["the likeliest", GREEDY],
    ["top-p 0.9", { ...GREEDY, temperature: 1, topP: 0.9 }],
    ["all tokens", { ...GREEDY, temperature: 1 }],
  ] as const
) {
  const room = createBuffers(gpu, { ...shape, V }, 1);
  const rows = words("rows", [room.rows.shape[0], 4], [
    DRAWS,
    ...new Uint32Array(room.rows.shape[0] * 4 - 1),
  ]);
  const { queue } = gpu.device;
  queue.writeBuffer(room.parameters.buffer, 0, packSampling(sampling));
  const logits = Float32Array.from(uniform(V, [-9, 9], random(1)));
  queue.writeBuffer(room.logits.buffer, 0, logits);
  // Logits, counts and biases in, adjusted logits out and in again.
  benchPlan(`sample V = ${V}, ${name}`, sample(gpu, { ...room, rows }), {
    bytes: F32 * 5 * V,
  });
}
