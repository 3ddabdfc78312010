/**
 * Devices draw the tokens that `src/text/sampler.ts` draws from the same logits.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { randomCheckpoint } from "../support/models/random_model.ts";
import type { DeviceModel } from "../../src/device/device.ts";
import { Counts } from "../../src/text/penalties.ts";
import { sampleToken } from "../../src/text/sampler.ts";
import type {
  Sampling,
  SamplingOptions,
} from "../../src/text/sampling_options.ts";
import { openGolden } from "../support/goldens.ts";
import {
  logitsOf,
  one,
  type OpenDevice,
  readBlank,
  withModel,
} from "./loaded.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

const PROMPT = [11, 12, 13, 14, 15];
const DRAWS = 16;
const SEEDS = [[1, 2], [0xffffffff, 0x80000000]] as const;

const WAYS: Record<string, Partial<Sampling>> = {
  "the likeliest": { temperature: 0 },
  "the likeliest, with bias": {
    temperature: 0,
    logitBias: new Map([[3, 6], [4, 6.5], [5, -100]]),
  },
  "the likeliest, with penalties": {
    temperature: 0,
    presencePenalty: 1,
    frequencyPenalty: 0.5,
    penaltyDecay: 0.9,
  },
  "all tokens": {},
  "hot": { temperature: 1.7 },
  "cold": { temperature: 0.25 },
  "top-k": { topK: 5 },
  "top-k of one": { topK: 1 },
  "top-p": { topP: 0.5 },
  "top-p of nothing": { topP: 0 },
  "min-p": { minP: 0.1 },
  "top-k, then top-p, then min-p": { topK: 40, topP: 0.8, minP: 0.02 },
  "penalties on what was drawn before": {
    presencePenalty: 0.4,
    frequencyPenalty: 0.6,
    penaltyDecay: 0.95,
    counts: new Map([[1, 2.5], [2, 1], [400, 0.125]]),
  },
  "a mask": {
    mask: Uint32Array.from({ length: 16 }, (_, i) => i === 3 ? 0b1011 << 7 : 0),
  },
  "all at once": {
    temperature: 0.8,
    topK: 50,
    topP: 0.9,
    minP: 0.01,
    presencePenalty: 0.2,
    frequencyPenalty: 0.3,
    penaltyDecay: 0.996,
    logitBias: new Map([[7, 2], [8, -2]]),
    mask: new Uint32Array(16).fill(0xf0f0f0f0),
    counts: new Map([[7, 1]]),
  },
};

/** Registers the tests of drawing for a device. */
export function drawing(name: string, open: OpenDevice): void {
  Deno.test(`${name} draws as the sampler does`, async (t) => {
    const checkpoint = await openGolden("rand-d128-l3-v512");
    await withModel(open, checkpoint, async (model) => {
      for (const [i, [way, options]] of Object.entries(WAYS).entries()) {
        await t.step(way, async () => {
          await compare(model, options, SEEDS[i % SEEDS.length]);
        });
      }
    });
  });
  Deno.test(`${name} draws from 65,536 tokens as the sampler does`, async (t) => {
    const big = randomCheckpoint({ L: 1, D: 64, V: 65536, seed: 5 });
    await withModel(open, big, async (model) => {
      for (const way of ["all tokens", "cold", "top-p", "top-k", "min-p"]) {
        await t.step(way, async () => {
          await compare(model, WAYS[way], [3, 4], 6);
        });
      }
    });
  });
  Deno.test(`${name} draws on every lane by its own options`, async () => {
    const checkpoint = await openGolden("rand-d128-l3-v512");
    await withModel(open, checkpoint, async (model) => {
      const ways = [
        WAYS["hot"],
        WAYS["the likeliest, with penalties"],
        WAYS["a mask"],
        WAYS["top-k"],
      ]
        .map((way) => samplingOf(way, [5, 6]));
      const apart: (readonly number[])[] = [];
      for (const sampling of ways) {
        await model.clear(0);
        const step = { lane: 0, tokens: PROMPT, draw: DRAWS, sampling };
        apart.push((await one(model, step)).drawn);
      }
      await Promise.all(ways.map((_, lane) => model.clear(lane)));
      const together = await model.step(
        ways.map((sampling, lane) => ({
          lane,
          tokens: PROMPT,
          draw: DRAWS - lane,
          sampling,
        })),
      );
      assertEquals(
        together.map(({ drawn }) => drawn),
        apart.map((drawn, lane) => drawn.slice(0, DRAWS - lane)),
      );
    });
  });
}

/** Draws on one lane; on another, reads the same tokens and draws here. */
async function compare(
  model: DeviceModel,
  options: Partial<SamplingOptions>,
  seed: readonly [number, number],
  draws = DRAWS,
): Promise<void> {
  const sampling = samplingOf(options, seed);
  await model.clear(0);
  const { drawn } = await one(model, {
    lane: 0,
    tokens: PROMPT,
    draw: draws,
    sampling,
  });
  assertEquals(drawn.length, draws);
  const counts = new Counts(sampling.counts);
  const first = await readBlank(model, 1, PROMPT);
  const others = await logitsOf(model, {
    lane: 1,
    tokens: drawn,
    draw: 0,
    replay: true,
    logits: "all",
  });
  const { V } = model.shape;
  for (const [i, token] of drawn.entries()) {
    const logits = i === 0 ? first : others.subarray((i - 1) * V, i * V);
    const position = sampling.position + i;
    const expected = sampleToken(logits, { ...sampling, counts, position });
    assertEquals(token, expected, `draw ${i} of ${drawn}`);
    counts.draw(token, sampling.penaltyDecay);
  }
  if (sampling.mask) {
    const allowed = sampling.mask;
    assert(drawn.every((token) => allowed[token >> 5] >>> (token & 31) & 1));
  }
}

function samplingOf(
  options: Partial<Sampling>,
  seed: readonly [number, number],
): Sampling {
  const position = PROMPT.length;
  return { ...GREEDY, temperature: 1, ...options, seed, position };
}
