/**
 * What every device has to do: give the goldens, agree with the oracle for any
 * shape, keep the laws, and draw as `src/text/sampler.ts` says.
 *
 * All cases run in Deno, whose WGSL naga compiles, and some of them in Chromium,
 * whose Tint and SwiftShader take seconds for what llvmpipe compiles in one:
 *
 * | case                                            | `deno task tint` |
 * | ----------------------------------------------- | ---------------- |
 * | every kernel against its oracle, in all formats | yes              |
 * | goldens: state, logits, greedy tokens           | `rand` (F32)     |
 * | near the goldens in int8, int4                  | int8             |
 * | chunks cut anywhere                             | yes              |
 * | the laws, matrices as they are and in int8      | as they are      |
 * | draws as the sampler's                          | yes              |
 * | unusual shapes; a model with DeepEmbed          | its kernel only  |
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  randomCheckpoint,
  type RandomModel,
} from "../support/models/random_model.ts";
import { Oracle } from "../oracle/rwkv7.ts";
import {
  GOLDEN_MODELS,
  goldenPrompts,
  type GoldenSet,
  openGolden,
} from "../support/goldens.ts";
import { assertClose } from "../support/close.ts";
import { drawing } from "./drawing.ts";
import { cuts } from "./cuts.ts";
import { deepEmbed } from "./deep.ts";
import { laws } from "./laws.ts";
import {
  assertLogits,
  assertState,
  once,
  one,
  type OpenDevice,
  prompt,
  readBlank,
  withModel,
} from "./loaded.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

/** A device may err this many times what a plain float32 run does. */
const SLACK = 5;

/**
 * Registers tests that need few pipelines, for a device that takes seconds to
 * compile each: one model in F32, and one in int8.
 */
export function briefConformance(name: string, open: OpenDevice): void {
  goldens(name, open, "rand");
  quantized(name, open, "int8", 5e-4);
  cuts(name, open);
  laws(name, open, "none");
  drawing(name, open);
}

/** Registers the tests for a device. */
export function conformance(name: string, open: OpenDevice): void {
  for (const set of Object.keys(GOLDEN_MODELS) as GoldenSet[]) {
    goldens(name, open, set);
  }
  for (const shape of SHAPES_READ) unusualShape(name, open, shape);
  for (
    const [quantization, nmse] of [["int8", 5e-4], ["int4", 0.04]] as const
  ) {
    quantized(name, open, quantization, nmse);
  }
  cuts(name, open);
  deepEmbed(name, open);
  laws(name, open, "none");
  laws(name, open, "int8");
  drawing(name, open);
}

function goldens(name: string, open: OpenDevice, set: GoldenSet): void {
  Deno.test(`${name} gives the goldens of ${set}`, async (t) => {
    const checkpoint = await openGolden(GOLDEN_MODELS[set]);
    await withModel(open, checkpoint, async (model) => {
      assertEquals(model.shape, checkpoint.shape);
      for (const golden of await goldenPrompts(set)) {
        const { tokens, logits, state, greedy, margin, error } = golden;
        const tolerance = {
          logits: SLACK * error.logits,
          state: SLACK * error.state,
        };
        await t.step(`${golden.name}: state and logits`, async () => {
          const found = await readBlank(model, 0, tokens);
          assertState(model.shape, await model.read(0), state, tolerance);
          assertLogits(found, logits, tolerance);
        });
        await t.step(`${golden.name}: 64 greedy tokens`, async () => {
          // An engine within half the margin has no choice but to agree.
          assert(margin > 2 * tolerance.logits);
          await model.clear(1);
          const { drawn } = await one(model, {
            lane: 1,
            tokens,
            draw: 64,
            sampling: { ...GREEDY, position: tokens.length },
          });
          assertEquals(drawn, greedy);
        });
      }
    });
  });
}

/** What no released model has, so that nothing is right by the luck of sizes. */
const SHAPES: Record<string, RandomModel> = {
  "one layer, ranks that divide nothing": {
    L: 1,
    D: 64,
    V: 67,
    ranks: { w: 5, a: 6, v: 7, g: 9 },
  },
  "three heads, four different ranks": {
    L: 2,
    D: 192,
    V: 1000,
    ranks: { w: 32, a: 48, v: 16, g: 96 },
  },
  "a head of 65,536 rows": {
    L: 1,
    D: 64,
    V: 65536,
    ranks: { w: 32, a: 32, v: 32, g: 32 },
    type: "BF16",
  },
  "DeepEmbed as released models have it": { L: 2, D: 128, V: 300, deep: 32 },
  "DeepEmbed of rank 24 in three heads, BF16": {
    L: 3,
    D: 192,
    V: 500,
    deep: 24,
    type: "BF16",
  },
};

/** The same model read by the oracle, once for all devices of a file. */
const SHAPES_READ = Object.entries(SHAPES).map(([what, sizes]) => ({
  what,
  read: once(async () => {
    const checkpoint = randomCheckpoint(sizes);
    const oracle = await Oracle.open(checkpoint);
    const tokens = prompt(20, sizes.V);
    const state = oracle.blank();
    return { checkpoint, tokens, logits: oracle.read(tokens, state), state };
  }),
}));

function unusualShape(
  name: string,
  open: OpenDevice,
  { what, read }: typeof SHAPES_READ[number],
): void {
  Deno.test(`${name} agrees with the oracle: ${what}`, async () => {
    const { checkpoint, tokens, logits, state } = await read();
    const tolerance = { logits: 2e-5, state: 2e-5 };
    await withModel(open, checkpoint, async (model) => {
      assertLogits(await readBlank(model, 2, tokens), logits, tolerance);
      assertState(model.shape, await model.read(2), state, tolerance);
    });
  });
}

function quantized(
  name: string,
  open: OpenDevice,
  quantization: "int8" | "int4",
  nmse: number,
): void {
  Deno.test(`${name} stays near the goldens in ${quantization}`, async () => {
    const checkpoint = await openGolden(GOLDEN_MODELS["lm128-bf16"]);
    const prompts = await goldenPrompts("lm128-bf16");
    await withModel(open, checkpoint, async (model) => {
      for (const { tokens, logits, state } of prompts) {
        assertClose(await readBlank(model, 3, tokens), logits, { nmse });
        assertClose(await model.read(3), state, { nmse });
      }
    }, quantization);
  });
}
