/**
 * DeepEmbed on a device: which token a row has decides its gate, so tokens that are
 * drawn, cut and mixed with other lanes' count here more than elsewhere.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  randomCheckpoint,
  type RandomModel,
} from "../support/models/random_model.ts";
import type { DeviceModel, LaneStep } from "../../src/device/device.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import { Oracle } from "../oracle/rwkv7.ts";
import { assertClose } from "../support/close.ts";
import {
  assertLogits,
  assertSameBits,
  assertState,
  LANES,
  logitsOf,
  once,
  one,
  type OpenDevice,
  prompt,
  withModel,
} from "./loaded.ts";

const MODEL = {
  L: 2,
  D: 128,
  V: 300,
  ranks: { w: 32, a: 32, v: 32, g: 32 },
  deep: 16,
  type: "F16",
} as const satisfies RandomModel;
const TEXTS = [70, 1, 33, 2].map((length, lane) =>
  prompt(length, MODEL.V, lane + 1)
);
const DRAWN = 9;
const TOLERANCE = { logits: 2e-5, state: 2e-5 };

const loaded = once(async () => {
  const checkpoint = randomCheckpoint(MODEL);
  return { checkpoint, oracle: await Oracle.open(checkpoint) };
});

/** Registers the tests of DeepEmbed for a device. */
export function deepEmbed(name: string, open: OpenDevice): void {
  Deno.test(`${name} runs DeepEmbed as the oracle does`, async (t) => {
    const { checkpoint, oracle } = await loaded();
    await withModel(open, checkpoint, async (model) => {
      assertEquals(model.shape, checkpoint.shape);
      await t.step(
        "on lanes of all lengths at once, then drawing",
        async () => {
          await lanesAtOnce(model, oracle);
        },
      );
      await t.step(
        "on a lane, bit for bit, whatever the others do",
        async () => {
          await alone(model);
        },
      );
      await t.step("however a text is cut", async () => {
        await cut(model, oracle);
      });
    });
  });
  for (
    const [quantization, nmse] of [["int8", 5e-4], ["int4", 0.04]] as const
  ) {
    Deno.test(`${name} stays near the oracle with DeepEmbed in ${quantization}`, async () => {
      const { checkpoint, oracle } = await loaded();
      const [tokens] = TEXTS, state = oracle.blank();
      const logits = oracle.read(tokens, state);
      await withModel(open, checkpoint, async (model) => {
        const step = { lane: 0, tokens, draw: 0, logits: "last" } as const;
        assertClose(await logitsOf(model, step), logits, { nmse });
        assertClose(await model.read(0), state, { nmse });
      }, quantization);
    });
  }
}

function work(tokens: readonly number[], lane: number): LaneStep {
  const sampling = { ...GREEDY, position: tokens.length };
  return { lane, tokens, draw: DRAWN, sampling };
}

/** Reads and draws on every lane; each then holds what the oracle holds. */
async function lanesAtOnce(model: DeviceModel, oracle: Oracle): Promise<void> {
  const results = await model.step(TEXTS.map(work));
  assertEquals(results.length, LANES);
  for (const [lane, { drawn }] of results.entries()) {
    const state = oracle.blank();
    let expected = oracle.read(TEXTS[lane], state);
    const greedy = Array.from({ length: DRAWN }, (_, i) => {
      const token = expected.indexOf(Math.max(...expected));
      if (i < DRAWN - 1) expected = oracle.step(token, state);
      return token;
    });
    assertEquals(drawn, greedy);
    assertState(model.shape, await model.read(lane), state, TOLERANCE);
  }
}

/** What a lane does among others, it does on its own. */
async function alone(model: DeviceModel): Promise<void> {
  const lane = 2;
  const before = await model.read(lane);
  await model.clear(lane);
  await one(model, work(TEXTS[lane], lane));
  assertSameBits(await model.read(lane), before, "a state");
}

async function cut(model: DeviceModel, oracle: Oracle): Promise<void> {
  const [tokens] = TEXTS, state = oracle.blank();
  const logits = oracle.read(tokens, state);
  for (const first of [1, 2, 15, 16, 63, 64, 65, 69]) {
    await model.clear(1);
    await one(model, { lane: 1, tokens: tokens.slice(0, first), draw: 0 });
    const rest = tokens.slice(first);
    const step = { lane: 1, tokens: rest, draw: 0, logits: "last" } as const;
    assertLogits(await logitsOf(model, step), logits, TOLERANCE);
    assertState(model.shape, await model.read(1), state, TOLERANCE);
  }
}
