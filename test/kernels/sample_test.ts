import { assert, assertEquals, assertThrows } from "@std/assert";
import { sample } from "../../src/device/webgpu/kernels/sample.ts";
import {
  denseValues,
  packSampling,
  tokenBits,
} from "../../src/device/webgpu/sampling_table.ts";
import { DRAWS } from "../../src/device/webgpu/pass_schedule.ts";
import { createTensor, type Tensor } from "../../src/device/webgpu/tensor.ts";
import { Counts } from "../../src/text/penalties.ts";
import { sampleToken } from "../../src/text/sampler.ts";
import { GREEDY, type Sampling } from "../../src/text/sampling_options.ts";
import * as oracle from "../oracle/sample.ts";
import { gpu, read, run, tensor, words } from "../support/gpu.ts";
import { random } from "../support/random.ts";

const PLAIN: Sampling = { ...GREEDY, temperature: 1, seed: [11, 12] };

/** Draws this close to the edge may go either way in float32. */
const NEAR = 1e-4;

/** Lanes of every test, so that a vocabulary is compiled for once. */
const B = 48;

/** Tensors for rows that draw, one lane each. */
function room(
  V: number,
  some: readonly Sampling[],
): Record<string, Tensor> & Parameters<typeof sample>[1] {
  const samplings = Array.from({ length: B }, (_, m) => some[m] ?? PLAIN);
  const WIDTH = Math.ceil(V / 64) * 64;
  const bits = Math.ceil(V / 32);
  return {
    rows: words(
      "rows",
      [B, 4],
      samplings.flatMap((_, m) => [DRAWS, m, 1, m]),
    ),
    cursors: tensor("cursors", [B, 4]),
    parameters: words(
      "parameters",
      [B, 16],
      samplings.flatMap((sampling) => [...packSampling(sampling)]),
    ),
    logits: tensor("logits", [B, WIDTH]),
    tallies: tensor("tallies", [2, B, V], [
      ...samplings.flatMap(({ counts }) => [...denseValues(counts, V)]),
      ...samplings.flatMap(({ logitBias }) => [...denseValues(logitBias, V)]),
    ]),
    sets: words(
      "sets",
      [B, 2, bits],
      samplings.flatMap(({ mask }) => [
        ...mask ?? new Uint32Array(bits),
        ...tokenBits([], V),
      ]),
    ),
    adjusted: tensor("adjusted", [B, WIDTH]),
    peaks: tensor("peaks", [B, Math.ceil(V / 256), 4]),
    candidates: tensor("candidates", [B, WIDTH, 2]),
    drawn: tensor("drawn", [B, 64]),
  };
}

/** One draw for each sampling, all from the same logits. */
async function draw(
  logits: Float32Array<ArrayBuffer>,
  samplings: readonly Sampling[],
): Promise<number[]> {
  const V = logits.length;
  const tensors = room(V, samplings);
  const { buffer, shape } = tensors.logits;
  for (let m = 0; m < B; m++) {
    gpu.device.queue.writeBuffer(
      buffer,
      4 * m * shape[1],
      logits,
    );
  }
  await run(sample(gpu, tensors), { rows: samplings.length });
  const drawn = new Uint32Array((await read(tensors.drawn)).buffer);
  return samplings.map((_, m) => drawn[m * 64]);
}

function bell(V: number, seed: number, width = 2): Float32Array<ArrayBuffer> {
  const next = random(seed);
  return Float32Array.from({ length: V }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += next();
    return sum * width;
  });
}

const WAYS: readonly Partial<Sampling>[] = [
  { temperature: 0 },
  {},
  { temperature: 0.3 },
  { temperature: 1.9 },
  { topK: 1 },
  { topK: 7 },
  { topK: 300 },
  { topP: 0 },
  { topP: 0.3 },
  { topP: 0.95 },
  { minP: 0.05 },
  { minP: 1 },
  { topK: 50, topP: 0.8, minP: 0.01, temperature: 0.7 },
  { presencePenalty: 1.5, counts: new Map([[3, 1], [4, 0.5]]) },
  { logitBias: new Map([[9, 12], [10, 11.5]]), topP: 0.9 },
];

for (const V of [67, 512, 5000]) {
  Deno.test(`sample() agrees with the oracle over ${V} tokens`, async () => {
    const logits = bell(V, V);
    const samplings = WAYS.flatMap((way) =>
      [0, 1, 2 ** 32 + 5].map((position) => ({ ...PLAIN, ...way, position }))
    );
    const drawn = await draw(logits, samplings);
    samplings.forEach((sampling, i) => {
      const { token, margin } = oracle.sample(logits, sampling);
      if (margin > NEAR) {
        assertEquals(drawn[i], token, JSON.stringify(sampling));
      }
    });
  });
}

Deno.test("sample() agrees with the oracle over 65,536 tokens", async () => {
  const logits = bell(65536, 8, 3);
  const samplings = WAYS.map((way) => ({ ...PLAIN, ...way, position: 3 }));
  const drawn = await draw(logits, samplings);
  let clear = 0;
  samplings.forEach((sampling, i) => {
    const { token, margin } = oracle.sample(logits, sampling);
    if (margin <= NEAR) return;
    clear++;
    assertEquals(drawn[i], token, JSON.stringify(sampling));
  });
  assert(clear > samplings.length / 2);
});

Deno.test("sample() gives ties to the lower tokens", async () => {
  const flat = new Float32Array(512);
  const top = { temperature: 0.5, topK: 3 };
  const samplings = Array.from(
    { length: 24 },
    (_, position) => ({ ...PLAIN, ...top, position }),
  );
  const drawn = await draw(flat, [...samplings, { ...PLAIN, temperature: 0 }]);
  assertEquals(drawn.pop(), 0);
  assertEquals([...new Set(drawn)].sort(), [0, 1, 2]);
});

Deno.test("sample() draws among the likeliest alone at a temperature no f32 has", async () => {
  const logits = bell(512, 6);
  const likeliest = [7, 300, 511];
  for (const token of likeliest) logits[token] = 40;
  const samplings = [1e-50, 1e-45, 1e-38].flatMap((temperature) =>
    Array.from({ length: 16 }, (_, position) => ({
      ...PLAIN,
      temperature,
      position,
    }))
  );
  const drawn = await draw(logits, samplings);
  const host = samplings.map((sampling) => sampleToken(logits, sampling));
  assertEquals(drawn, host);
  assertEquals(new Set(drawn), new Set(likeliest));
});

Deno.test("sample() draws only what the mask allows, and no NaN", async () => {
  const logits = bell(512, 4);
  logits[100] = NaN;
  const mask = tokenBits([100, 101, 511], 512);
  const drawn = await draw(
    logits,
    [0, 1, 2, 3].map((position) => ({
      ...PLAIN,
      temperature: 30,
      mask,
      position,
    })),
  );
  assert(drawn.every((token) => token === 101 || token === 511), `${drawn}`);
});

Deno.test("sample() says so where no logit is finite", async () => {
  const drawn = await draw(new Float32Array(64).fill(NaN), [PLAIN]);
  assertEquals(drawn, [0xffffffff]);
});

Deno.test("sample() keeps counts that are the host's bit for bit", async () => {
  const V = 512;
  const sampling = {
    ...PLAIN,
    presencePenalty: 0.3,
    frequencyPenalty: 0.7,
    penaltyDecay: 0.93,
    counts: new Map([[5, 1.25], [6, 0.001]]),
    topK: 6,
  };
  const tensors = room(V, [sampling]);
  gpu.device.queue.writeBuffer(tensors.logits.buffer, 0, bell(V, 5));
  const plan = sample(gpu, tensors);
  const draws = 40;
  await run(Array.from({ length: draws }, () => plan).flat());
  const drawn = new Uint32Array((await read(tensors.drawn)).buffer);
  const counts = new Counts(sampling.counts);
  // The last token is counted when the next is drawn.
  for (const token of drawn.slice(0, draws - 1)) {
    counts.draw(token, sampling.penaltyDecay);
  }
  const found = (await read(tensors.tallies)).slice(0, V);
  assertEquals(found, denseValues(counts, V));
});

Deno.test("sample() refuses counts of another vocabulary", () => {
  const tensors = room(512, [PLAIN]);
  const tallies = createTensor(gpu, "tallies", [2, B, 100]);
  assertThrows(() => sample(gpu, { ...tensors, tallies }), {
    name: "RangeError",
    message: "Cannot bind sets: shape is [48, 2, 16], expected [48, 2, 4]",
  });
});
