import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { wasmDevice } from "../../src/device/wasm/wasm.ts";
import { openEngine } from "../../src/engine/device_engine.ts";
import type { Engine, Turn } from "../../src/engine/engine.ts";
import { openFiles } from "../../src/model/model_files.ts";
import { openModel } from "../../src/model/open.ts";
import type { Save } from "../../src/state/save.ts";
import { SAMPLING, take } from "./laws.ts";

const MODEL = new URL("../../models/gosling/", import.meta.url);

/** The embedded model on the wasm device: four turns at once, a spare lane. */
async function goslingEngine(): Promise<Engine> {
  await using files = await openFiles(MODEL);
  const { checkpoint, tokenizer, fingerprint } = await openModel(files);
  const device = wasmDevice({ threads: 2 });
  const { shape } = checkpoint;
  return await openEngine({
    model: {
      id: files.id,
      shape,
      fingerprint: fingerprint.toHex(),
      parameters: 0,
      quantization: "int8",
      device: { kind: device.kind, name: device.name },
      lanes: 4,
    },
    format: { fingerprint, shape },
    tokenizer,
    waiting: 16,
    load: () => device.load(checkpoint, { lanes: 5, quantization: "int8" }),
  });
}

const engine = await goslingEngine();

function facts(save: Save) {
  return { ...save, counts: [...save.counts], chat: undefined };
}

const turns = fc.record({
  prompt: fc.constantFrom(
    "",
    "User: Hello!\n\nAssistant:",
    "User: Why is the sky blue? 😀\n\nAssistant: ",
    "User: What do you remember?\n\nAssistant: Nothing.\n\n".repeat(30),
  ),
  seed: fc.tuple(fc.nat(), fc.nat()),
  sampling: fc.record({
    temperature: fc.constantFrom(0, 0.7, 1.5),
    topP: fc.constantFrom(0.5, 1),
    presencePenalty: fc.constantFrom(0, 0.5),
    frequencyPenalty: fc.constantFrom(0, 0.25),
  }).map((options) => ({ ...SAMPLING, ...options })),
  stops: fc.constantFrom<Turn["stops"]>(
    [],
    [{ text: "\n\n", kept: true }],
    [{ text: "e", kept: false }],
    [{ text: ". ", kept: false }, { text: "\n\n", kept: true }],
  ),
});

Deno.test("Engine.generate() on the embedded model: 64 tokens are some, then the rest, bit for bit", async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.nat(64), async (turn, cut) => {
      const whole = await take(engine, { ...turn, stops: [], maxTokens: 64 });
      const first = await take(engine, { ...turn, stops: [], maxTokens: cut });
      if (first.finish === "stop") return assertEquals(first.text, whole.text);
      const second = await take(engine, {
        ...turn,
        prompt: "",
        stops: [],
        save: first.save,
        maxTokens: 64 - cut,
      });
      assertEquals(first.text + second.text, whole.text);
      assertEquals(facts(second.save), facts(whole.save));
    }),
    { numRuns: 20 },
  );
});

Deno.test("Engine.generate() on the embedded model: turns at once are turns one by one", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(turns, { minLength: 2, maxLength: 6 }),
      async (several) => {
        const bounded = several.map((turn) => ({ ...turn, maxTokens: 24 }));
        const together = await Promise.all(
          bounded.map((turn) => take(engine, turn)),
        );
        for (const [i, turn] of bounded.entries()) {
          const alone = await take(engine, turn);
          assertEquals(together[i].text, alone.text);
          assertEquals(facts(together[i].save), facts(alone.save));
        }
      },
    ),
    { numRuns: 8 },
  );
});

Deno.test("Engine.generate() on the embedded model: a stop leaves the state of that place", async () => {
  let stopped = 0;
  await fc.assert(
    fc.asyncProperty(turns, async (turn) => {
      const { stop, save, text, usage, finish } = await take(engine, {
        ...turn,
        maxTokens: 48,
      });
      assertEquals(turn.stops.some((stop) => text.includes(stop.text)), false);
      if (finish !== "stop" || stop === undefined) return;
      stopped++;
      // As many tokens drawn without stops leave the same state.
      const read = await take(engine, { ...turn, maxTokens: 0 });
      const drawn = usage.position - read.usage.position;
      const free = await take(engine, { ...turn, stops: [], maxTokens: drawn });
      assertEquals(save.values, free.save.values);
      assertEquals(save.chain, free.save.chain);
      assert(free.text.startsWith(text) || text.startsWith(free.text));
    }),
    { numRuns: 30 },
  );
  assert(stopped > 5, `${stopped} turns were stopped`);
});

Deno.test("Engine.dispose() ends the embedded model", async () => {
  await engine.dispose();
  assertEquals(engine.ready, false);
});
