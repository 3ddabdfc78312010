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
  once,
  one,
  type OpenDevice,
  prompt,
  withModel,
} from "./loaded.ts";

const MODEL = "rand-d128-l3-v512";
/** More than a chunk's 256 rows, and more than two tiles of 64. */
const LONG = prompt(300, 512), SHORT = LONG.slice(0, 130);
/** Five times the largest errors of a plain float32 run over these tokens. */
const TOLERANCE = { logits: 2.7e-5, state: 4.4e-5 };

/** Tokens whose logits are all looked at. */
const FIRST = 70;

/** What the oracle has after a text. */
interface Reading {
  readonly tokens: readonly number[];
  readonly state: Float64Array;
  readonly logits: ArrayLike<number>;
}

/** What the oracle says, worked out once for all devices of a file. */
const expected = once(async () => {
  const oracle = await Oracle.open(await openGolden(MODEL));
  const read = (tokens: readonly number[]): Reading => {
    const state = oracle.blank();
    return { tokens, state, logits: oracle.read(tokens, state) };
  };
  const state = oracle.blank();
  const first = LONG.slice(0, FIRST)
    .flatMap((token) => [...oracle.step(token, state)]);
  return { long: read(LONG), short: read(SHORT), first };
});

/** Registers the tests of cutting for a device. */
export function cuts(name: string, open: OpenDevice): void {
  Deno.test(`${name} reads the same however the text is cut`, async () => {
    const checkpoint = await openGolden(MODEL);
    const { long, short } = await expected();
    await withModel(open, checkpoint, async (model) => {
      const reads = async (
        { tokens, state, logits }: Reading,
        lengths: readonly number[],
      ) => {
        await model.clear(0);
        let at = 0;
        for (const length of [...lengths, tokens.length]) {
          const part = tokens.slice(at, at + length);
          if (at + length < tokens.length) {
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
      for (const first of [257, 300]) await reads(long, [first]);
      for (const first of [1, 16, 63, 64, 65]) await reads(short, [first]);
      await reads(short, new Array(40).fill(1));
      const cuts = fc.array(fc.integer({ min: 1, max: 130 }), { maxLength: 9 });
      await fc.assert(
        fc.asyncProperty(cuts, (lengths) => reads(short, lengths)),
        { numRuns: 6, seed: 7 },
      );
    });
  });
  Deno.test(`${name} gives logits after each token`, async () => {
    const checkpoint = await openGolden(MODEL);
    const { first } = await expected();
    await withModel(open, checkpoint, async (model) => {
      const tokens = LONG.slice(0, FIRST);
      const step = { lane: 0, tokens, draw: 0, logits: "all" } as const;
      assertLogits(await logitsOf(model, step), first, TOLERANCE);
    });
  });
}
