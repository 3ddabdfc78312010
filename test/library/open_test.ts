import { assert, assertEquals, assertRejects } from "@std/assert";
import { open } from "../../src/library/local_engine.ts";
import type { LocalEngine, OpenOptions } from "../../src/library/engine_api.ts";

const MODEL = new URL("../../models/gosling/", import.meta.url);

async function gosling(
  options: Partial<OpenOptions> = {},
): Promise<LocalEngine> {
  return await open({
    name: "gosling",
    weights: await Deno.readFile(new URL("model.safetensors", MODEL)),
    vocabulary: await Deno.readFile(new URL("vocab.txt", MODEL)),
    settings: {
      "tokenizer_config.json": await Deno.readTextFile(
        new URL("tokenizer_config.json", MODEL),
      ),
    },
    device: "wasm",
    ...options,
  });
}

const DAVE = [{ role: "user", content: "My name is Dave" }] as const;
const NAME = [{ role: "user", content: "What is my name?" }] as const;
const GREEDY = { temperature: 0, seed: 1 };

Deno.test("open() takes a device that somebody else opened, and leaves it open", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter !== null);
  const device = await adapter.requestDevice();
  const engine = await gosling({ device });
  assertEquals(engine.device.kind, "webgpu");
  const told = await engine.turn(DAVE, GREEDY).result;
  const asked = await engine.turn(NAME, { ...GREEDY, save: told.save }).result;
  assertEquals(asked.text, "Your name is Dave.");
  await engine.close();
  // A device that was destroyed would be lost by now.
  const lost = await Promise.race([
    device.lost,
    device.queue.onSubmittedWorkDone().then(() => undefined),
  ]);
  assertEquals(lost, undefined);
  device.destroy();
});

Deno.test("turn() streams to every reader, and tells each of a failure", async () => {
  const engine = await gosling({ threads: 1 });
  const turn = engine.turn(DAVE, GREEDY);
  const read = async () => (await Array.fromAsync(turn)).join("");
  const [one, two, { text, finish }] = await Promise.all([
    read(),
    read(),
    turn.result,
  ]);
  assertEquals([one, two, finish], [text, text, "stop"]);
  assertEquals(await read(), text);

  const wrong = engine.turn(NAME, { save: new Uint8Array(200) });
  await assertRejects(() => Array.fromAsync(wrong), {
    code: "ERR_STATE_UNREADABLE",
  });
  await assertRejects(() => wrong.result, { code: "ERR_STATE_UNREADABLE" });
  await engine.close();
});

Deno.test("turn() that is aborted leaves the save of what was said", async () => {
  const engine = await gosling({ threads: 1 });
  const stop = new AbortController();
  const turn = engine.turn("Once upon a time", {
    maxTokens: 2000,
    temperature: 1,
    signal: stop.signal,
  });
  for await (const _ of turn) stop.abort();
  const { finish, save, usage } = await turn.result;
  assertEquals(finish, "cancelled");
  assert(usage.completionTokens < 2000);
  const more = await engine.turn("", { save, maxTokens: 3 }).result;
  assert(more.usage.position >= usage.position);
  await engine.close();
});

Deno.test("turns of one engine wait for each other", async () => {
  const engine = await gosling({ threads: 1 });
  const told = await engine.turn(DAVE, GREEDY).result;
  const answers = await Promise.all(
    Array.from(
      { length: 4 },
      () => engine.turn(NAME, { ...GREEDY, save: told.save }).result,
    ),
  );
  assertEquals(
    answers.map(({ text }) => text),
    Array(4).fill("Your name is Dave."),
  );
  await engine.close();
});
