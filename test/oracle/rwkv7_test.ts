import { assert, assertEquals } from "@std/assert";
import {
  GOLDEN_MODELS,
  goldenPrompts,
  type GoldenSet,
  goldenTrace,
  openGolden,
} from "../support/goldens.ts";
import { Oracle, type Trace } from "./rwkv7.ts";

/** Both sides are float64; what is left is the goldens' rounding to f32. */
function assertRounded(
  actual: ArrayLike<number>,
  expected: Float32Array,
): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) => {
    assert(
      Math.abs(actual[i] - value) <= 2 ** -23 * Math.abs(value) + 1e-9,
      `[${i}] is ${actual[i]}, expected ${value}`,
    );
  });
}

for (const set of Object.keys(GOLDEN_MODELS) as GoldenSet[]) {
  Deno.test(`Oracle gives the goldens of ${set}`, async () => {
    const oracle = await Oracle.open(await openGolden(GOLDEN_MODELS[set]));
    for (const { tokens, logits, state } of await goldenPrompts(set)) {
      const found = oracle.blank();
      assertRounded(oracle.read(tokens, found), logits);
      assertRounded(found, state);
    }
  });
}

for (
  const [set, name, tokens] of [
    ["rand", "rand.t3.trace", [1, 2, 3]],
    ["lm128-bf16", "lm128-bf16.hello.trace", [72, 101, 108, 108, 111]],
  ] as const
) {
  Deno.test(`Oracle passes through the values of ${name}`, async () => {
    const oracle = await Oracle.open(await openGolden(GOLDEN_MODELS[set]));
    const state = oracle.blank();
    for (const [k, token] of tokens.entries()) {
      const trace: Trace = new Map();
      oracle.step(token, state, trace);
      if (k !== 0 && k !== tokens.length - 1) continue;
      const golden = await goldenTrace(`${name}${k}`);
      assertEquals([...trace.keys()].toSorted(), [...golden.keys()].toSorted());
      for (const [part, values] of golden) {
        assertRounded(trace.get(part) ?? [], values);
      }
    }
  });
}
