import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Device } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { openEngine } from "../../src/engine/device_engine.ts";
import type { Engine, Turn } from "../../src/engine/engine.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { openModel } from "../../src/model/open_model.ts";
import type { Save } from "../../src/state/save.ts";
import { SAMPLING, take } from "./laws.ts";

const MODEL = new URL("../../models/gosling/", import.meta.url);

/** The embedded model: four turns at once, and a spare lane. */
async function goslingEngine(device: Device): Promise<Engine> {
  await using files = await openFiles(MODEL);
  const { checkpoint, tokenizer, fingerprint } = await openModel(files);
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
    maxWaiting: 16,
    load: () => device.load(checkpoint, { lanes: 5, quantization: "int8" }),
  });
}

function facts(save: Save) {
  return { ...save, counts: [...save.counts], chat: undefined };
}

const turns = fc.record({
  prompt: fc.constantFrom(
    "",
    "User: Hello!\n\nAssistant:",
    "User: Why is the sky blue? 😀\n\nAssistant: ",
    "User: What do you remember?\n\nAssistant: Nothing.\n\n".repeat(20),
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

/** Holds the laws of turns on a device; `effort` is the share of cases tried. */
async function keepLaws(
  t: Deno.TestContext,
  device: Device,
  effort: number,
): Promise<void> {
  const engine = await goslingEngine(device);
  await t.step("64 tokens are some, then the rest, bit for bit", async () => {
    await fc.assert(
      fc.asyncProperty(turns, fc.nat(64), async (turn, cut) => {
        const whole = await take(engine, { ...turn, stops: [], maxTokens: 64 });
        const first = await take(engine, {
          ...turn,
          stops: [],
          maxTokens: cut,
        });
        if (first.finish === "stop") {
          return assertEquals(first.text, whole.text);
        }
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
      { numRuns: Math.ceil(20 * effort) },
    );
  });

  await t.step("turns at once are turns one by one", async () => {
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
      { numRuns: Math.ceil(8 * effort) },
    );
  });

  await t.step("a stop leaves the state of that place", async () => {
    let stopped = 0;
    await fc.assert(
      fc.asyncProperty(turns, async (turn) => {
        const { stop, save, text, usage, finish } = await take(engine, {
          ...turn,
          maxTokens: 48,
        });
        assertEquals(
          turn.stops.some((stop) => text.includes(stop.text)),
          false,
        );
        if (finish !== "stop" || stop === undefined) return;
        stopped++;
        // As many tokens drawn without stops leave the same state.
        const read = await take(engine, { ...turn, maxTokens: 0 });
        const drawn = usage.position - read.usage.position;
        const free = await take(engine, {
          ...turn,
          stops: [],
          maxTokens: drawn,
        });
        assertEquals(save.values, free.save.values);
        assertEquals(save.chain, free.save.chain);
        assert(free.text.startsWith(text) || text.startsWith(free.text));
      }),
      { numRuns: Math.ceil(30 * effort), seed: 7 },
    );
    assert(stopped > 8 * effort, `${stopped} turns were stopped`);
  });

  await engine.dispose();
  assertEquals(engine.ready, false);
  await device.dispose();
}

Deno.test("Engine keeps its laws with the embedded model on wasm", async (t) => {
  await keepLaws(t, wasmDevice({ threads: 2 }), 0.3);
});

Deno.test("Engine keeps its laws with the embedded model on webgpu", async (t) => {
  // Software adapters are slow, and say no less.
  await keepLaws(t, await openWebGpu({ force: true }), 0.1);
});
