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
import { one, withModel } from "./loaded.ts";

/** Tokens drawn, and how many in one step. */
const DRAWN = 320, BURST = 64;

Deno.test("wasm and webgpu draw the same 320 greedy tokens with lm128", async (t) => {
  const checkpoint = await openGolden(GOLDEN_MODELS["lm128-bf16"]);
  const wasm = () => Promise.resolve(wasmDevice({ threads: 2 }));
  const webgpu = sharedWebGpu;
  await withModel(wasm, checkpoint, async (a) => {
    await withModel(webgpu, checkpoint, async (b) => {
      for (const { name, tokens } of await goldenPrompts("lm128-bf16")) {
        await t.step(name, async () => {
          await a.clear(0);
          await b.clear(0);
          const expected = await greedy(a, tokens, tokens.length, DRAWN);
          const found = await greedy(b, tokens, tokens.length, DRAWN);
          assertEquals(found, expected);

          // Half on one device, then half on the other, both ways.
          for (const [from, to] of [[a, b], [b, a]]) {
            const half = DRAWN / 2;
            await from.clear(1);
            const first = await greedy(from, tokens, tokens.length, half, 1);
            await to.write(2, await from.read(1));
            const read = tokens.length + half;
            const rest = await greedy(to, first.slice(-1), read, half, 2);
            assertEquals([...first, ...rest], expected);
          }
        });
      }
    });
  });
});

/** Reads `tokens`, then draws, on a lane as it is. */
async function greedy(
  model: DeviceModel,
  tokens: readonly number[],
  position: number,
  count: number,
  lane = 0,
): Promise<number[]> {
  const drawn: number[] = [];
  while (drawn.length < count) {
    const result = await one(model, {
      lane,
      tokens: drawn.length === 0 ? tokens : [],
      draw: Math.min(BURST, count - drawn.length),
      sampling: { ...GREEDY, position: position + drawn.length },
    });
    drawn.push(...result.drawn);
  }
  return drawn;
}
