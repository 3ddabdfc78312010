import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { openEngine } from "../../src/engine/device_engine.ts";
import { DeviceError } from "../../src/errors.ts";
import type { Save } from "../../src/state/save.ts";
import type { SamplingOptions } from "../../src/text/sampling_options.ts";
import {
  FakeModel,
  fakeTokenizer,
  FINITE,
  token,
} from "../support/fake_device.ts";
import { until } from "../support/until.ts";
import { fakeEngine, SAMPLING, take, TURN } from "./laws.ts";

const LETTERS = ["a", "b", "c", "\n", "ab", "abc"].map(token);
const follow = () => LETTERS;
const LONG = "cab\n".repeat(1000);

function facts(save: Save) {
  return { ...save, counts: [...save.counts] };
}

const requests = fc.array(
  fc.record({
    prompt: fc.constantFrom("", "a", "hello\n\n", LONG),
    seed: fc.tuple(fc.nat(), fc.nat()),
    maxTokens: fc.nat(60),
    stops: fc.constantFrom(
      [],
      [{ text: "ca", kept: false }],
      [{ text: "bb", kept: true }],
    ),
    sampling: fc.constantFrom(SAMPLING, { ...SAMPLING, frequencyPenalty: 0.4 }),
  }),
  { minLength: 2, maxLength: 8 },
);

Deno.test("Engine.generate() answers several at once as one after the other", async () => {
  await fc.assert(
    fc.asyncProperty(
      requests,
      fc.constantFrom("wasm" as const, "webgpu" as const),
      fc.integer({ min: 1, max: 5 }),
      async (turns, kind, lanes) => {
        const { engine } = await fakeEngine({ lanes, kind, follow });
        const together = await Promise.all(
          turns.map((turn) => take(engine, turn)),
        );
        for (const [i, turn] of turns.entries()) {
          const alone = await take(engine, turn);
          assertEquals(facts(together[i].save), facts(alone.save));
          assertEquals(together[i].text, alone.text);
          assertEquals(together[i].usage, alone.usage);
        }
        await engine.dispose();
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("Engine.generate() puts lanes that are ready into one step", async () => {
  const { engine, model } = await fakeEngine({ lanes: 4, follow });
  const turns = [1, 2, 3, 4].map((n) =>
    take(engine, { prompt: "a", seed: [n, n], maxTokens: 64 })
  );
  await Promise.all(turns);
  assert(model.steps.every((step) => step.length === 4), "four lanes a step");
  const draws = model.steps.map(([{ draw }]) => draw);
  assertEquals(draws, [0, 1, 1, 2, 4, 8, 16, 16, 16]);
  await engine.dispose();
});

Deno.test("Engine.generate() draws with the last chunk where cutting makes no difference", async () => {
  const prompt = "x".repeat(300);
  const shape = (model: FakeModel) =>
    model.steps.map(([{ tokens, draw }]) => [tokens.length, draw]);
  const cases: [boolean, number[][]][] = [
    [true, [[256, 0], [45, 1], [0, 1]]],
    [false, [[256, 0], [44, 0], [1, 1], [0, 1]]],
  ];
  for (const [seamless, steps] of cases) {
    const { engine, model } = await fakeEngine({ lanes: 1, follow, seamless });
    await take(engine, { prompt, maxTokens: 2 });
    assertEquals(shape(model), steps);
    await engine.dispose();
  }
});

Deno.test("Engine.generate() lets others write while it reads a long prompt", async () => {
  const { engine, model } = await fakeEngine({ lanes: 3, follow });
  const quick = take(engine, { prompt: "a", maxTokens: 40 });
  const slow = [1, 2].map(() => take(engine, { prompt: LONG, maxTokens: 1 }));
  await Promise.all([quick, ...slow]);
  const mixed = model.steps.filter((step) =>
    step.some(({ draw }) => draw === 0) && step.some(({ draw }) => draw > 0)
  );
  assert(mixed.length >= 8, `${mixed.length} steps read and write`);
  for (const step of model.steps) {
    const read = step.filter(({ draw }) => draw === 0)
      .reduce((sum, { tokens }) => sum + tokens.length, 0);
    assert(read <= 256, `${read} tokens read in one step`);
  }
  for (const step of mixed) assert(step.every(({ draw }) => draw <= 4));
  // The two that read take turns.
  const readers = mixed.slice(0, 6).map((step) =>
    step.find(({ draw }) => draw === 0)?.lane
  );
  assertEquals(new Set(readers.slice(0, 2)).size, 2);
  assertEquals(readers.slice(2, 4), readers.slice(0, 2));
  await engine.dispose();
});

Deno.test("Engine.generate() asks the webgpu device for the next burst before the last is known", async () => {
  const follow = () => ["a", "b", "c"].map(token);
  const penalties = { ...SAMPLING, frequencyPenalty: 0.5, penaltyDecay: 0.9 };
  const texts = new Map<SamplingOptions, string>();
  for (
    const [kind, most, sampling, countsAhead] of [
      ["wasm", 1, SAMPLING, false],
      ["webgpu", 2, SAMPLING, false],
      ["webgpu", 1, penalties, false],
      ["webgpu", 2, penalties, true],
    ] as const
  ) {
    const model = new FakeModel({ lanes: 1, follow, countsAhead, stepMs: 1 });
    let flying = 0, highest = 0;
    const step = model.step.bind(model);
    model.step = async (batch) => {
      const drawing = batch.some(({ draw }) => draw > 0) ? 1 : 0;
      highest = Math.max(highest, flying += drawing);
      const results = await step(batch);
      flying -= drawing;
      return results;
    };
    const load = () => Promise.resolve(model);
    const { engine } = await fakeEngine({ lanes: 1, kind, load });
    const { text } = await take(engine, {
      ...{ prompt: "b", maxTokens: 64, sampling },
    });
    assertEquals(highest, most);
    assertEquals(texts.get(sampling) ?? text, text);
    texts.set(sampling, text);
    await engine.dispose();
  }
});

Deno.test("Engine.generate() serves those who wait in order, and refuses the rest", async () => {
  const { engine } = await fakeEngine({ lanes: 1, waiting: 2, follow });
  const order: number[] = [];
  const served = [0, 1, 2].map((n) =>
    take(engine, { maxTokens: 20 }).then(() => order.push(n))
  );
  assertEquals(engine.load, { busy: 1, waiting: 2 });
  await assertRejects(() => take(engine, {}), {
    name: "BusyError",
    code: "ERR_TOO_BUSY",
  });
  await Promise.all(served);
  assertEquals(order, [0, 1, 2]);
  assertEquals(engine.load, { busy: 0, waiting: 0 });
  await engine.dispose();
});

Deno.test("Engine.generate() lets a waiting turn leave the queue", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, waiting: 1, follow });
  const first = take(engine, { maxTokens: 200 });
  const leaving = new AbortController();
  const second = take(engine, { prompt: "ab" }, leaving.signal);
  assertEquals(engine.load.waiting, 1);
  leaving.abort();
  const { finish, save, usage } = await second;
  assertEquals([finish, engine.load.waiting], ["cancelled", 0]);
  assertEquals(save.unread, [fakeTokenizer.end, token("ab")]);
  assertEquals([usage.position, save.position], [0, 0]);
  const steps = model.steps.length;
  await first;
  assert(model.steps.length > steps);
  await engine.dispose();
});

Deno.test("Engine.generate() ends where it is when it is cancelled, and goes on from there", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("a", LONG),
      fc.constantFrom("wasm" as const, "webgpu" as const),
      fc.nat(30),
      fc.constantFrom([], [{ text: "never", kept: false }]),
      async (prompt, kind, patience, stops) => {
        const { engine, model } = await fakeEngine({ lanes: 1, kind, follow });
        const turn = { prompt, stops, maxTokens: 100 };
        const whole = await take(engine, turn);
        const leaving = new AbortController();
        const taking = take(engine, turn, leaving.signal);
        for (let i = 0; i < patience; i++) await Promise.resolve();
        leaving.abort();
        const first = await taking;
        assertEquals(first.finish, "cancelled");
        assertEquals(engine.load.busy, 0);
        assert(model.peek(0).every((value) => value === 0), "lane zeroed");
        const second = await take(engine, {
          save: first.save,
          stops,
          maxTokens: 100 - first.usage.completionTokens,
        });
        assertEquals(first.text + second.text, whole.text);
        assertEquals(second.save.chain, whole.save.chain);
        if (first.usage.completionTokens > 0) {
          assertEquals(facts(second.save), facts(whole.save));
        }
        await engine.dispose();
      },
    ),
    { numRuns: 80 },
  );
});

Deno.test("Engine.generate() frees the lane when its reader leaves", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow, stepMs: 1 });
  const turn = { ...TURN, seed: [1, 2] as const, maxTokens: 10_000 };
  const until = new AbortController().signal;
  for await (const event of engine.generate(turn, until)) {
    assertEquals(event.type, "text");
    break;
  }
  assertEquals(engine.load.busy, 0);
  const { text } = await take(engine, { maxTokens: 5 });
  assertEquals(text.length > 0, true);
  assert(model.steps.length < 40, "the first turn went no further");
  await engine.dispose();
});

Deno.test("Engine.generate() does not wait for a slow reader", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const turn = { ...TURN, seed: [1, 2] as const, maxTokens: 200 };
  const events = engine.generate(turn, new AbortController().signal);
  await events.next();
  await take(engine, { maxTokens: 5 });
  assertEquals(engine.load.busy, 0);
  const types = [];
  for await (const { type } of events) types.push(type);
  assertEquals(types.at(-1), "done");
  await engine.dispose();
});

Deno.test("Engine fails turns when the device is lost, and takes others once it is back", async () => {
  const models: FakeModel[] = [];
  const reports: unknown[] = [];
  let broken = false;
  const { engine: model } = await fakeEngine({ lanes: 1 });
  const engine = await openEngine({
    model: { ...model.model, lanes: 1 },
    format: model.format,
    tokenizer: model.tokenizer,
    maxWaiting: 4,
    lost: (error) => reports.push(error),
    load: () => {
      if (broken) {
        broken = false;
        return Promise.reject(new Error("Not yet"));
      }
      const fresh = new FakeModel({ lanes: 1, follow, stepMs: 1 });
      models.push(fresh);
      return Promise.resolve(fresh);
    },
  });
  const flying = take(engine, { maxTokens: 1_000 });
  const waiting = take(engine, { maxTokens: 3 });
  await until("a step", () => models[0].steps.length > 0);
  broken = true;
  models[0].lose();
  const lost = { name: "DeviceError", code: "ERR_DEVICE_LOST" };
  await assertRejects(() => flying, lost);
  assertEquals(engine.ready, false);
  await assertRejects(() => take(engine, {}), lost);
  await assertRejects(() => waiting, lost);
  await until("the device again", () => engine.ready);
  assertEquals((await take(engine, { maxTokens: 3 })).finish, "length");
  assertEquals(models.length, 2);
  assertEquals(models[0].disposed, true);
  assertEquals(reports.length, 2);
  await engine.dispose();
});

Deno.test("Engine.generate() waits on for a lane while a lost device comes back at once", async () => {
  const models: FakeModel[] = [];
  const { engine } = await fakeEngine({
    lanes: 1,
    load: () => {
      const fresh = new FakeModel({ lanes: 1, follow, stepMs: 1 });
      models.push(fresh);
      return Promise.resolve(fresh);
    },
  });
  const flying = take(engine, { maxTokens: 1_000 });
  const waiting = [3, 4, 5].map((maxTokens) => take(engine, { maxTokens }));
  await until("three steps", () => models[0].steps.length >= 3);
  models[0].lose();
  await assertRejects(() => flying, { message: /device was lost|Unplugged/ });
  const ends = await Promise.all(waiting);
  assertEquals(ends.map(({ finish }) => finish), Array(3).fill("length"));
  assertEquals([models.length, engine.load], [2, { busy: 0, waiting: 0 }]);
  await engine.dispose();
});

Deno.test("Engine.generate() never calls a turn cancelled whose device was lost while it waited", async () => {
  // The lane of a step that fails is given on just before the loss is known.
  for (let late = 0; late < 12; late++) {
    const model = new FakeModel({ lanes: 1, follow });
    const fresh = new FakeModel({ lanes: 1, follow });
    const models = [model, fresh];
    const load = () => Promise.resolve(models.shift() ?? fresh);
    const { engine } = await fakeEngine({ lanes: 1, load });
    const lost = { code: "ERR_DEVICE_LOST" };
    model.step = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const lose = async () => {
        for (let i = 0; i < late; i++) await Promise.resolve();
        model.lose();
      };
      void lose();
      throw new DeviceError("ERR_DEVICE_LOST", "Unplugged");
    };
    const flying = take(engine, { maxTokens: 9 });
    const waiting = take(engine, { maxTokens: 3 }).then(
      ({ finish }) => finish,
      ({ code }) => code,
    );
    await assertRejects(() => flying, lost);
    assertMatch(await waiting, /^(length|ERR_DEVICE_LOST)$/);
    await engine.dispose();
  }
});

Deno.test("Engine fails a turn alone whose logits are not finite", async () => {
  const { engine, model } = await fakeEngine({ lanes: 3, follow });
  const { save } = await take(engine, { maxTokens: 1 });
  const broken = { ...save, values: save.values.with(FINITE, Infinity) };
  const seed = [3, 4] as const;
  const alone = await take(engine, { seed, maxTokens: 40 });
  const code = "ERR_STATE_OVERFLOW";
  const others = [1, 2].map(() => take(engine, { seed, maxTokens: 40 }));
  await assertRejects(() => take(engine, { save: broken, maxTokens: 9 }), {
    name: "StateError",
    code,
  });
  for (const other of await Promise.all(others)) {
    assertEquals(facts(other.save), facts(alone.save));
  }
  await assertRejects(() => take(engine, { save: broken, maxTokens: 0 }), {
    code,
  });
  assertEquals(engine.load.busy, 0);
  assert(model.steps.some((step) => step.length === 3), "they shared steps");
  const until = new AbortController().signal;
  const score = engine.score({ save: broken, texts: ["ab"] }, until);
  await assertRejects(() => score, { code });
  await engine.dispose();
});

Deno.test("Engine.dispose() ends every turn with a save", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow, stepMs: 1 });
  const turns = [1, 2].map(() => take(engine, { maxTokens: 10_000 }));
  await until("a few steps", () => model.steps.length > 3);
  await engine.dispose();
  const [first, second] = await Promise.all(turns);
  assertEquals([first.finish, second.finish], ["cancelled", "cancelled"]);
  assert(first.save.position > 0);
  assertEquals(second.save.position, 0);
  assertEquals([model.disposed, engine.ready], [true, false]);
});

Deno.test("Engine.generate() refuses a save of another shape", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const { save } = await take(engine, { maxTokens: 1 });
  const other = { ...save, values: new Float32Array(1) };
  await assertRejects(() => take(engine, { save: other }), {
    code: "ERR_STATE_MISMATCH",
    message: "Cannot go on from a save of 1 values: the model has 4224",
  });
  assertEquals(engine.load.busy, 0);
  await engine.dispose();
});

Deno.test("Engine.generate() fails a turn for which a device draws nothing, and asks no more", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow });
  const step = model.step.bind(model);
  let asked = 0;
  model.step = async (batch) => {
    asked++;
    const results = await step(batch);
    return results.map((result) => ({ ...result, drawn: [], stopped: false }));
  };
  await assertRejects(() => take(engine, {}), /the device drew nothing/);
  assert(asked <= 2, `${asked} steps`);
  model.step = step;
  assertEquals((await take(engine, { maxTokens: 3 })).finish, "length");
  await engine.dispose();
});

Deno.test("Engine.generate() fails the turns of a step that fails, and no later ones", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow });
  const { step } = model;
  model.step = () => Promise.reject(new RangeError("Cannot step: a bad day"));
  await assertRejects(() => take(engine, {}), /a bad day/);
  model.step = step;
  assertEquals((await take(engine, { maxTokens: 3 })).finish, "length");
  await engine.dispose();
});
