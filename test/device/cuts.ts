/**
 * How a text is cut into steps changes what a device does, and not what it gives.
 *
 * @module
 */

import fc from "fast-check";
import { Oracle } from "../oracle/rwkv7.ts";
import { openGolden } from "../support/goldens.ts";
import {
  assertLogits,
  assertState,
  logitsOf,
  one,
  type OpenDevice,
  prompt,
  withModel,
} from "./loaded.ts";

const MODEL = "rand-d128-l3-v512";
const TOKENS = prompt(300, 512);
/** Five times the largest errors of a plain float32 run over these tokens. */
const TOLERANCE = { logits: 2.7e-5, state: 4.4e-5 };

/** Registers the tests of cutting for a device. */
export function cuts(name: string, open: OpenDevice): void {
  Deno.test(`${name} reads the same however the text is cut`, async () => {
    const checkpoint = await openGolden(MODEL);
    const oracle = await Oracle.open(checkpoint);
    const state = oracle.blank();
    const logits = oracle.read(TOKENS, state);
    await withModel(open, checkpoint, async (model) => {
      const reads = async (lengths: readonly number[]) => {
        await model.clear(0);
        let at = 0;
        for (const length of [...lengths, TOKENS.length]) {
          const part = TOKENS.slice(at, at + length);
          if (at + length < TOKENS.length) {
            await one(model, { lane: 0, tokens: part, draw: 0 });
          } else if (part.length > 0) {
            const found = await logitsOf(model, {
              lane: 0,
              tokens: part,
              draw: 0,
              logits: "last",
            });
            assertLogits(found, logits, TOLERANCE);
          }
          at += length;
        }
        assertState(model.shape, await model.read(0), state, TOLERANCE);
      };
      for (const first of [1, 16, 63, 64, 65, 257, 300]) {
        await reads([first]);
      }
      await reads(new Array(40).fill(1));
      const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 9 });
      await fc.assert(fc.asyncProperty(cuts, reads), { numRuns: 6, seed: 7 });
    });
  });
  Deno.test(`${name} gives logits after each token`, async () => {
    const checkpoint = await openGolden(MODEL);
    const oracle = await Oracle.open(checkpoint);
    const state = oracle.blank();
    const part = TOKENS.slice(0, 70);
    const expected = part.flatMap((token) => [...oracle.step(token, state)]);
    await withModel(open, checkpoint, async (model) => {
      const step = { lane: 0, tokens: part, draw: 0, logits: "all" } as const;
      assertLogits(await logitsOf(model, step), expected, TOLERANCE);
    });
  });
}
