/**
 * One text on two devices: the same greedy tokens, also if its state moves from
 * the one to the other on the way.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { DeviceModel } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import {
  GOLDEN_MODELS,
  goldenPrompts,
  openGolden,
} from "../support/goldens.ts";
import { sharedWebGpu } from "../support/shared_webgpu.ts";
import { withModel } from "./loaded.ts";

/** Tokens drawn before and after a state moves, and how many in one step. */
const HALF = 64, BURST = 32;

const PROMPTS = await goldenPrompts("lm128-bf16");

Deno.test("wasm and webgpu draw the same 128 greedy tokens with lm128", async () => {
  const checkpoint = await openGolden(GOLDEN_MODELS["lm128-bf16"]);
  const wasm = () => Promise.resolve(wasmDevice({ threads: 2 }));
  await withModel(wasm, checkpoint, async (a) => {
    await withModel(sharedWebGpu, checkpoint, async (b) => {
      const [expected, found] = [await drawAll(a), await drawAll(b)];
      assertSame(found.whole, expected.whole, "on webgpu");
      // Half on one device, then half on the other, both ways.
      for (const [half, to] of [[expected, b], [found, a]] as const) {
        const moved = await goOn(to, half);
        assertSame(
          moved,
          expected.whole,
          `then on ${to === b ? "webgpu" : "wasm"}`,
        );
      }
    });
  });
});

/** What was drawn after each prompt. */
interface Drawn {
  readonly whole: readonly (readonly number[])[];
  /** Of them, those before the states below. */
  readonly half: readonly (readonly number[])[];
  readonly states: readonly Float32Array<ArrayBuffer>[];
}

/** Reads each prompt on a lane of its own, all at once, and draws. */
async function drawAll(model: DeviceModel): Promise<Drawn> {
  await Promise.all(PROMPTS.map((_, lane) => model.clear(lane)));
  const half = await draw(model, PROMPTS.map(({ tokens }) => tokens), 0);
  const states = await Promise.all(PROMPTS.map((_, lane) => model.read(lane)));
  const rest = await draw(model, PROMPTS.map(() => []), HALF);
  const whole = half.map((tokens, lane) => [...tokens, ...rest[lane]]);
  return { whole, half, states };
}

/** The whole texts, if a model goes on from where another was half way. */
async function goOn(
  model: DeviceModel,
  { half, states }: Drawn,
): Promise<number[][]> {
  await Promise.all(states.map((values, lane) => model.write(lane, values)));
  // The last one drawn is not in the state yet.
  const rest = await draw(model, half.map((tokens) => tokens.slice(-1)), HALF);
  return half.map((tokens, lane) => [...tokens, ...rest[lane]]);
}

/** Draws half of the tokens of every lane, which has drawn so many before. */
async function draw(
  model: DeviceModel,
  texts: readonly (readonly number[])[],
  before: number,
): Promise<number[][]> {
  const drawn = texts.map((): number[] => []);
  for (let done = 0; done < HALF; done += BURST) {
    const results = await model.step(texts.map((tokens, lane) => ({
      lane,
      tokens: done === 0 ? tokens : [],
      draw: BURST,
      sampling: {
        ...GREEDY,
        position: PROMPTS[lane].tokens.length + before + done,
      },
    })));
    results.forEach((result, lane) => drawn[lane].push(...result.drawn));
  }
  return drawn;
}

function assertSame(
  found: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
  where: string,
): void {
  for (const [lane, { name }] of PROMPTS.entries()) {
    assertEquals(found[lane], expected[lane], `${name} ${where}`);
  }
}
