import { assert, assertEquals } from "@std/assert";
import { randomCheckpoint } from "../support/models/random_model.ts";
import { assertClose } from "../support/close.ts";
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

/**
 * After 1 2 3 7 200 7: the first four logits, and the sums of squares of logits and
 * state. By a program of its own in NumPy that adds `s_emb_x LN0(emb)` to the
 * tables before it runs, as BlinkDL's rwkv_v7a_demo.py does.
 */
const DEEP = {
  logits: [-0.974776082746, 2.86320551082, -3.69394743877, 3.76877847441],
  energies: [2152.6459685390523, 6844.217872450888],
};

Deno.test("Oracle runs DeepEmbed as one that completes the tables first", async () => {
  const oracle = await Oracle.open(
    randomCheckpoint({ L: 2, D: 128, V: 300, deep: 32 }),
  );
  const state = oracle.blank();
  const logits = oracle.read([1, 2, 3, 7, 200, 7], state);
  const energies = [logits, state].map((values) =>
    values.reduce((sum, value) => sum + value ** 2, 0)
  );
  assertClose(logits.slice(0, 4), DEEP.logits, { nmse: 1e-22 });
  assertClose(energies, DEEP.energies, { nmse: 1e-22 });
});

Deno.test("Oracle runs DeepEmbed that gates nothing as if there were none", async () => {
  const sizes = { L: 2, D: 64, V: 40 };
  const plain = await Oracle.open(randomCheckpoint(sizes));
  const gated = randomCheckpoint({ ...sizes, deep: 8 });
  const open = await Oracle.open({
    ...gated,
    async read(name, rows) {
      const values = await gated.read(name, rows);
      if (/ffn\.s0$/.test(name)) return values.fill(1);
      return /ffn\.s1$/.test(name) ? values.fill(0) : values;
    },
  });
  const tokens = [1, 39, 7];
  assertEquals(
    open.read(tokens, open.blank()),
    plain.read(tokens, plain.blank()),
  );
});
