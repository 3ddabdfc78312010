import { assert, assertEquals } from "@std/assert";
import { sharedWebGpu } from "../../support/shared_webgpu.ts";
import type { Sampling } from "../../../src/text/sampling_options.ts";
import { openGolden } from "../../support/goldens.ts";
import { GREEDY } from "../../../src/text/sampling_options.ts";

const PENALIZED: Sampling = {
  ...GREEDY,
  temperature: 1,
  seed: [21, 22],
  presencePenalty: 0.6,
  frequencyPenalty: 0.9,
  penaltyDecay: 0.97,
  counts: new Map([[3, 2], [7, 0.5]]),
};

Deno.test("WebGpuModel.step() counts draws that are still on their way", async () => {
  const device = await sharedWebGpu();
  const model = await device.load(await openGolden("rand-d128-l3-v512"), {
    lanes: 2,
    quantization: "none",
  });
  const step = (lane: number, from: number, draw: number) =>
    model.step([{
      lane,
      tokens: from === 0 ? [1, 2, 3] : [],
      draw,
      sampling: { ...PENALIZED, position: 3 + from },
    }]);
  const [whole] = await step(0, 0, 24);
  // The caller's counts are stale: it has not seen the draws before.
  const parts = await Promise.all([
    step(1, 0, 8),
    step(1, 8, 8),
    step(1, 16, 8),
  ]);
  assertEquals(parts.flat().flatMap(({ drawn }) => drawn), whole.drawn);
  await device.dispose();
});

Deno.test("WebGpuModel.step() uses the same buffers turn after turn", async () => {
  const device = await sharedWebGpu();
  const model = await device.load(await openGolden("rand-d128-l3-v512"), {
    lanes: 1,
    quantization: "int8",
  });
  const turn = async () => {
    await model.step([{ lane: 0, tokens: [1], draw: 0 }]);
    await model.step([{ lane: 0, tokens: [2], draw: 1, sampling: GREEDY }]);
    await model.step([{ lane: 0, tokens: [], draw: 0, logits: "last" }]);
    await model.write(0, await model.read(0));
  };
  for (let i = 0; i < 3; i++) await turn();
  let made = 0;
  const original = GPUDevice.prototype.createBuffer;
  GPUDevice.prototype.createBuffer = function (descriptor): GPUBuffer {
    made++;
    return original.call(this, descriptor);
  };
  try {
    for (let i = 0; i < 10; i++) await turn();
  } finally {
    GPUDevice.prototype.createBuffer = original;
  }
  assert(made === 0, `${made} buffers made in 10 turns`);
  await device.dispose();
});
