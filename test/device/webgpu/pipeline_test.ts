import { assert, assertEquals } from "@std/assert";
import { sharedWebGpu } from "../../support/shared_webgpu.ts";
import type { Sampling } from "../../../src/text/sampling_options.ts";
import { sampleToken } from "../../../src/text/sampler.ts";
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

  // Answers that come at once: the step after the first is asked for when the
  // device has answered the second too.
  await model.clear(1);
  await Promise.all([step(1, 0, 8), step(1, 8, 8)]);
  const [last] = await step(1, 16, 8);
  assertEquals(last.drawn, whole.drawn.slice(16));
  await device.dispose();
});

Deno.test("WebGpuModel.step() draws as its last counts, biases and stops say", async () => {
  const device = await sharedWebGpu();
  const model = await device.load(await openGolden("rand-d128-l3-v512"), {
    lanes: 2,
    quantization: "none",
  });
  const { V } = model.shape;
  // Many counts are uploaded whole, few one by one, and none as none.
  const counts = [40, 3, 40, 0].map((size) =>
    new Map(Array.from({ length: size }, (_, i) => [(7 * i) % V, 1 + i % 3]))
  );
  const biases = [new Map([[9, 4]]), new Map([[11, 5]]), new Map()];
  let likeliest = 0;
  for (let n = 0; n < 6; n++) {
    const sampling = {
      ...PENALIZED,
      temperature: 0,
      counts: new Map(n === 5 ? [] : [...counts[n % 4], [likeliest, 9]]),
      logitBias: biases[n % 3],
    };
    const [{ drawn: [token], logits, stopped }] = await model.step([{
      ...{ lane: 1, tokens: [1], draw: 1, sampling, logits: "drawn" },
      stopTokens: new Set(n % 2 === 0 ? [likeliest] : []),
    }]);
    assert(logits !== undefined);
    assertEquals(token, sampleToken(logits, sampling), `step ${n}`);
    assertEquals(stopped, n % 2 === 0 && token === likeliest);
    likeliest = token;
    if (n === 3) await model.clear(1);
  }
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

Deno.test("WebGpuModel.step() is not asked for all of a long prompt before others have the thread", async () => {
  const device = await sharedWebGpu();
  const model = await device.load(await openGolden("rand-d128-l3-v512"), {
    lanes: 1,
    quantization: "none",
  });
  const tokens = Array(256).fill(1);
  let others = 0, steps = 0;
  const timer = setInterval(() => others++, 0);
  for (; others === 0 && steps < 24; steps++) {
    await model.step([{ lane: 0, tokens, draw: 0 }]);
  }
  clearInterval(timer);
  assert(others > 0, `Nobody had the thread in ${steps} steps`);
  await device.dispose();
});
