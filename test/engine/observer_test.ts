import { assert, assertEquals, assertRejects } from "@std/assert";
import { openEngine } from "../../src/engine/device_engine.ts";
import type { StepReport } from "../../src/engine/turn_observer.ts";
import { FakeModel } from "../support/fake_device.ts";
import { fakeEngine, take } from "./laws.ts";

/** A part of a turn as it was told. */
type Told = [name: string, from: number, to: number, tokens?: number];

Deno.test("TurnObserver.phase() hears of every part, in order and without gaps", async () => {
  const { engine } = await fakeEngine({ lanes: 1 });
  const told: Told[] = [];
  const observer = { phase: (...part: Told) => void told.push(part) };
  const { usage, timings } = await take(engine, {
    prompt: "abcdefghij",
    maxTokens: 40,
    observer,
  });
  assertEquals(told.map(([name]) => name), [
    "wait",
    "upload",
    "prefill",
    "decode",
    "download",
  ]);
  const [, , prefill, decode, download] = told;
  assert(told.every(([, from, to]) => from <= to));
  assertEquals(prefill[2], decode[1]);
  assertEquals(decode[2], download[1]);
  assertEquals(prefill[2] - prefill[1], timings.prefillMs);
  const drawn = decode[3] ?? 0;
  assert(drawn > 0 && drawn < usage.completionTokens);
  await engine.dispose();
});

Deno.test("EngineOptions.stepped counts what the lanes read and drew", async () => {
  const { engine: model } = await fakeEngine({ lanes: 2 });
  const steps: StepReport[] = [];
  const engine = await openEngine({
    model: model.model,
    format: model.format,
    tokenizer: model.tokenizer,
    maxWaiting: 4,
    load: () => Promise.resolve(new FakeModel({ lanes: 2 })),
    stepped: (report) => steps.push(report),
  });
  const turn = { prompt: "0123456789", maxTokens: 20, stops: [] };
  const both = await Promise.all([take(engine, turn), take(engine, turn)]);
  assertEquals(both.map(({ usage }) => usage.completionTokens), [20, 20]);
  const sum = (field: "read" | "drawn") =>
    steps.reduce((total, step) => total + step[field], 0);
  // A blank state reads the end of text first.
  assertEquals(sum("read"), 2 * 11);
  assertEquals(sum("drawn"), 40);
  assert(steps.some(({ lanes }) => lanes === 2));
  assert(steps[0].reading && !steps.at(-1)?.reading);
  assert(steps.every(({ ms }) => ms >= 0));
  await engine.dispose();
});

Deno.test("Engine.absence says whether the device is lost, how often it was asked for, or that the engine closes", async () => {
  const { engine: model } = await fakeEngine({ lanes: 1 });
  const models: FakeModel[] = [];
  let broken = false;
  const engine = await openEngine({
    model: { ...model.model, lanes: 1 },
    format: model.format,
    tokenizer: model.tokenizer,
    maxWaiting: 4,
    load() {
      if (broken) return Promise.reject(new Error("Not yet"));
      const fresh = new FakeModel({ lanes: 1 });
      models.push(fresh);
      return Promise.resolve(fresh);
    },
  });
  const tick = () => new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(engine.absence, undefined);
  const before = performance.now();
  broken = true;
  models[0].lose();
  await tick();
  const { absence } = engine;
  assert(absence?.reason === "lost" && absence.since >= before);
  while (engine.absence?.reason === "lost" && engine.absence.attempts < 2) {
    await tick();
  }
  broken = false;
  while (!engine.ready) await tick();
  assertEquals(engine.absence, undefined);
  await engine.dispose();
  assertEquals(engine.absence, { reason: "closing" });
  await assertRejects(() => take(engine, {}), { code: "ERR_SHUTTING_DOWN" });
});

Deno.test("Engine.expectRoom() refuses as generate() would, and only then", async () => {
  const { engine: model } = await fakeEngine({ lanes: 1 });
  const engine = await openEngine({
    model: { ...model.model, lanes: 1 },
    format: model.format,
    tokenizer: model.tokenizer,
    maxWaiting: 2,
    maxWaitingPerTenant: 1,
    load: () => Promise.resolve(new FakeModel({ lanes: 1, stepMs: 1 })),
  });
  const long = { maxTokens: 50 };
  engine.expectRoom("ada");
  const leased = take(engine, { ...long, tenant: "ada" });
  engine.expectRoom("ada");
  const waits = take(engine, { ...long, tenant: "ada" });
  await assertRejects(async () => await engine.expectRoom("ada"), {
    code: "ERR_TOO_BUSY",
  });
  engine.expectRoom("bob");
  await Promise.all([leased, waits]);
  engine.expectRoom("ada");
  await engine.dispose();
  await assertRejects(async () => await engine.expectRoom("ada"), {
    code: "ERR_SHUTTING_DOWN",
  });
});
