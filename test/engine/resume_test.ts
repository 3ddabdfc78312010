import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import type { Save } from "../../src/state/save.ts";
import { fakeTokenizer, token } from "../support/fake_device.ts";
import { fakeEngine, SAMPLING, take } from "./laws.ts";

/** Texts of a few letters, lines, and characters of two and four bytes. */
const LETTERS = [
  ...["a", "b", "c", "\n", "ab", "\n\n", "b\n", "abc"].map(token),
  0xc3 + 1,
  0xf0 + 1,
];

/** Bytes that must follow, for characters to become whole most of the time. */
const NEXT = new Map([[0xc3, 0xa9], [0xf0, 0x9f], [0x9f, 0x98], [0x98, 0x80]]);

function follow(last: number): readonly number[] {
  const byte = NEXT.get(last - 1);
  return byte === undefined ? LETTERS : [byte + 1];
}

/** A save without what its caller sets. */
function facts(save: Save) {
  return { ...save, counts: [...save.counts], chat: undefined };
}

const turns = fc.record({
  prompt: fc.constantFrom("", "a", "User: hi\n\nAssistant:", "é".repeat(300)),
  seed: fc.tuple(fc.nat(), fc.nat()),
  sampling: fc.record({
    temperature: fc.constantFrom(0, 0.7, 1),
    topK: fc.constantFrom(0, 5),
    presencePenalty: fc.constantFrom(0, 0.5),
    frequencyPenalty: fc.constantFrom(0, 0.25),
    penaltyDecay: fc.constantFrom(0.9, 0.996),
  }).map((options) => ({ ...SAMPLING, ...options })),
});

const kinds = fc.constantFrom("wasm" as const, "webgpu" as const);

Deno.test("Engine.generate() draws 64 tokens as it draws some, then the rest", async () => {
  await fc.assert(
    fc.asyncProperty(
      turns,
      kinds,
      fc.array(fc.nat(64), { maxLength: 4 }),
      async (turn, kind, cuts) => {
        const { engine } = await fakeEngine({ lanes: 1, follow, kind });
        const whole = await take(engine, { ...turn, maxTokens: 64 });

        let text = "", drawn = 0, save: Save | undefined;
        for (const cut of [...cuts.sort((a, b) => a - b), 64]) {
          const part = await take(engine, {
            ...(save ? { save } : { seed: turn.seed }),
            sampling: turn.sampling,
            prompt: save ? "" : turn.prompt,
            maxTokens: cut - drawn,
          });
          text += part.text;
          drawn = cut;
          save = part.save;
          assertEquals(part.finish, "length");
        }
        assert(save !== undefined);
        assertEquals(text, whole.text);
        assertEquals(facts(save), facts(whole.save));
        await engine.dispose();
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("Engine.generate() goes on with a character cut between two turns", async () => {
  const emoji = [0xf0, 0x9f, 0x98, 0x80].map((byte) => byte + 1);
  const { engine } = await fakeEngine({
    lanes: 1,
    follow: (last) => {
      const at = emoji.indexOf(last);
      return at < 0 ? [emoji[0]] : at < 3 ? [emoji[at + 1]] : [token("a")];
    },
  });
  const sampling = { ...SAMPLING, temperature: 0 };
  for (let cut = 1; cut < 4; cut++) {
    const first = await take(engine, { prompt: "b", sampling, maxTokens: cut });
    assertEquals(first.text, "");
    assertEquals([...first.save.utf8], emoji.slice(0, cut).map((id) => id - 1));
    const second = await take(engine, {
      save: first.save,
      sampling,
      maxTokens: 5 - cut,
    });
    assertEquals(second.text, "😀a");
    assertEquals(second.save.utf8.length, 0);

    const other = await take(engine, {
      save: first.save,
      prompt: "b",
      sampling,
      maxTokens: 5,
    });
    assertEquals(other.text, "😀a", "a prompt begins with a whole character");
  }
  await engine.dispose();
});

Deno.test("Engine.generate() only reads when no token may be drawn", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow });
  const { save, usage, finish, text } = await take(engine, {
    prompt: "abc",
    maxTokens: 0,
  });
  assertEquals([finish, text], ["length", ""]);
  assertEquals(save.unread, [token("abc")]);
  assertEquals(save.position, 1);
  assertEquals(usage, {
    // The end-of-text token that the text begins with is one of them.
    promptTokens: 2,
    completionTokens: 0,
    position: 1,
    prefillSavedTokens: 0,
  });
  const again = await take(engine, { save, maxTokens: 0 });
  assertEquals(facts(again.save), facts(save));
  assertEquals(model.steps.length, 1);
  await engine.dispose();
});

Deno.test("Engine.generate() writes into a blank text", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow });
  const { save, usage } = await take(engine, { maxTokens: 1 });
  assertEquals(model.steps[0][0].tokens, [fakeTokenizer.end]);
  assertEquals(save.position, 1);
  assertEquals(save.unread.length, 1);
  assertEquals(usage.prefillSavedTokens, 0);
  await engine.dispose();
});

Deno.test("Engine.generate() reads a state that left nothing unread", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow });
  const { save } = await take(engine, { prompt: "ab", maxTokens: 0 });
  await take(engine, { save: { ...save, unread: [] }, maxTokens: 1 });
  assertEquals(model.steps.at(-1)?.[0].tokens, [fakeTokenizer.end]);
  await engine.dispose();
});

Deno.test("Engine.generate() takes the turn's seed, the save's, or a new one", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const blank = (seed: readonly [number, number]) =>
    take(engine, { prompt: "ab", seed, maxTokens: 0 });
  const [{ save }, { save: other }] = [
    await blank([5, 6]),
    await blank([7, 8]),
  ];
  assertEquals([save.seed, other.seed], [[5, 6], [7, 8]]);
  const own = await take(engine, { save });
  assertEquals(own, {
    ...await take(engine, { save: other, seed: [5, 6] }),
    timings: own.timings,
  });
  assertNotEquals(own.text, (await take(engine, { save: other })).text);

  const random = [];
  for (let i = 0; i < 2; i++) {
    const turn = { prompt: "ab", maxTokens: 0, sampling: SAMPLING, stops: [] };
    const until = new AbortController().signal;
    for await (const event of engine.generate(turn, until)) {
      if (event.type === "done") random.push(event.save.seed);
    }
  }
  assertNotEquals(random[0], random[1]);
  await engine.dispose();
});
