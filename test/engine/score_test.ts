import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ScoredToken } from "../../src/text/logprobs.ts";
import { FAKE_SHAPE, fakeTokenizer, token } from "../support/fake_device.ts";
import { fakeEngine, take, TURN } from "./laws.ts";

/** Letters that never become one token. */
const LETTERS = ["x", "y", "z"].map(token);
const follow = () => LETTERS;
const forever = new AbortController().signal;

Deno.test("Engine.generate() says how likely its tokens were, and writes the same", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow, kind: "webgpu" });
  const plain = await take(engine, { prompt: "ab" });
  const turn = { ...TURN, prompt: "ab", seed: [1, 2] as const, logprobs: 4 };
  const tokens: ScoredToken[] = [];
  let text = "";
  for await (const event of engine.generate(turn, forever)) {
    if (event.type === "done") {
      assertEquals(event.save, plain.save);
      continue;
    }
    text += event.text;
    tokens.push(...event.tokens ?? []);
    const told = tokens.map(({ token }) =>
      String.fromCharCode(...fakeTokenizer.bytes(token))
    );
    assertEquals(told.join(""), text, "tokens come with their text");
  }
  assertEquals(text, plain.text);
  for (const { token, logprob, top } of tokens) {
    assertEquals(top.length, 4);
    const itself = top.find((candidate) => candidate.token === token);
    assertEquals(itself?.logprob, logprob);
    const mass = top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
    assert(mass > 0.999 && mass < 1.001, "three letters have nearly all");
  }
  // Reading the same text gives the same probabilities.
  const { save } = await take(engine, { prompt: "ab", maxTokens: 0 });
  const [scores] = await engine.score({ save, texts: [text], top: 4 }, forever);
  assertEquals(scores, tokens);
  await engine.dispose();
});

Deno.test("Engine.generate() does not say how likely a stop was", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const turn = {
    ...TURN,
    seed: [1, 2] as const,
    maxTokens: 100,
    logprobs: 0,
    stops: [{ text: "yy", kept: false }],
  };
  const events = [];
  for await (const event of engine.generate(turn, forever)) events.push(event);
  const done = events.pop();
  assert(done?.type === "done" && done.finish === "stop");
  const texts = events.flatMap((event) => event.type === "text" ? [event] : []);
  const tokens = texts.flatMap((event) => event.tokens ?? []);
  assertEquals(tokens.length, texts.map(({ text }) => text).join("").length);
  assertEquals(tokens.length, done.usage.completionTokens);
  await engine.dispose();
});

Deno.test("Engine.score() adds up to one over all tokens", async () => {
  const { engine } = await fakeEngine({ lanes: 2 });
  const top = FAKE_SHAPE.V;
  const [[first, ...rest]] = await engine.score(
    { texts: ["ax"], top },
    forever,
  );
  const mass = first.top.reduce(
    (sum, { logprob }) => sum + Math.exp(logprob),
    0,
  );
  assert(Math.abs(mass - 1) < 1e-6);
  assertEquals(rest.length, 1);
  await engine.dispose();
});

Deno.test("Engine.score() scores texts of any length, each by itself", async () => {
  const { engine, model } = await fakeEngine({ lanes: 3, follow });
  const { save } = await take(engine, {
    prompt: "ab".repeat(400),
    maxTokens: 0,
  });
  const texts = [
    "",
    "x",
    "xy",
    "yx\n".repeat(100),
    "x",
    "xxxx",
    "y".repeat(33),
  ];
  const scores = await engine.score({ save, texts }, forever);
  for (const [i, text] of texts.entries()) {
    assertEquals(
      scores[i].map(({ token }) => token),
      fakeTokenizer.encode(text),
    );
    const [alone] = await engine.score({ save, texts: [text] }, forever);
    assertEquals(scores[i], alone);
  }
  // A save that left a long prompt unread is read first.
  const unread = [...save.unread, ...fakeTokenizer.encode("z".repeat(600))];
  const long = { ...save, unread };
  const read = (await take(engine, { save: long, maxTokens: 0 })).save;
  const [far] = await engine.score({ save: long, texts: ["xy"] }, forever);
  const [near] = await engine.score({ save: read, texts: ["xy"] }, forever);
  assertEquals(far, near);
  assertEquals(engine.load, { busy: 0, waiting: 0 });
  for (const lane of [0, 1, 2]) {
    assert(model.peek(lane).every((value) => value === 0), "lanes zeroed");
  }
  await engine.dispose();
});

Deno.test("Engine.score() ends when it is aborted, and frees its lanes", async () => {
  const { engine } = await fakeEngine({ lanes: 1, stepMs: 1 });
  const leaving = new AbortController();
  const texts = ["x".repeat(5_000), "y"];
  const scoring = engine.score({ texts }, leaving.signal);
  setTimeout(() => leaving.abort(), 5);
  await assertRejects(() => scoring, { name: "AbortError" });
  assertEquals(engine.load.busy, 0);
  await engine.dispose();
});

Deno.test("Engine.score() leaves no text behind when there is no room for another", async () => {
  const { engine } = await fakeEngine({ lanes: 2, waiting: 0, stepMs: 1 });
  const leaving = new AbortController();
  const turn = { ...TURN, maxTokens: 5_000 };
  const writing = engine.generate(turn, leaving.signal);
  await writing.next();
  const texts = ["x".repeat(5_000), "y".repeat(5_000)];
  await assertRejects(() => engine.score({ texts }, forever), {
    code: "ERR_TOO_BUSY",
  });
  assertEquals(engine.load.busy, 1, "only the turn is left");
  leaving.abort();
  await Array.fromAsync(writing);
  await engine.dispose();
});

Deno.test("Engine.score() fails when the device is lost", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, stepMs: 1 });
  const scoring = engine.score({ texts: ["x".repeat(5_000)] }, forever);
  setTimeout(() => model.lose(), 5);
  await assertRejects(() => scoring, { code: "ERR_DEVICE_LOST" });
  await engine.dispose();
});

Deno.test("Engine.generate() writes several continuations of one save in the same steps", async () => {
  const { engine, model } = await fakeEngine({ lanes: 4, follow });
  const { save } = await take(engine, { prompt: "ab", maxTokens: 4 });
  const before = model.steps.length;
  const turns = [1, 2, 3, 4].map((n) => ({
    save,
    prompt: "x",
    seed: [n, 0] as const,
  }));
  const branches = await Promise.all(turns.map((turn) => take(engine, turn)));
  assert(model.steps.slice(before).every((step) => step.length === 4));
  for (const [i, turn] of turns.entries()) {
    const alone = await take(engine, turn);
    assertEquals(branches[i].text, alone.text);
    assertEquals(branches[i].save, alone.save);
  }
  assertEquals(new Set(branches.map(({ text }) => text)).size, 4);
  await engine.dispose();
});

Deno.test("Engine.score() says that the engine is closing, not that its caller has gone", async () => {
  const { engine } = await fakeEngine({ lanes: 1, stepMs: 5 });
  const { signal } = new AbortController();
  const scores = engine.score({ texts: ["x".repeat(2000)] }, signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = engine.dispose();
  await assertRejects(() => scores, { code: "ERR_DEVICE_LOST" });
  await closed;
});

Deno.test("Engine.score() has no probability for a token that nothing comes before", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const [bare = [], begun = []] = await Promise.all([
    engine.score({ texts: ["xyz"], bos: false }, forever),
    engine.score({ texts: ["xyz"] }, forever),
  ]).then((scores) => scores.flat());
  assertEquals(bare.map(({ token }) => token), LETTERS);
  assertEquals(bare.map(({ logprob }) => Number.isFinite(logprob)), [
    false,
    true,
    true,
  ]);
  assertEquals(begun.map(({ token }) => token), LETTERS);
  assert(begun.every(({ logprob }) => Number.isFinite(logprob)));
  const [one] = await engine.score({ texts: ["x"], bos: false }, forever);
  assertEquals(one?.length, 1);
  const [ids] = await engine.score({ texts: [[0, ...LETTERS]] }, forever);
  assertEquals(ids?.map(({ token }) => token), [0, ...LETTERS]);
  await engine.dispose();
});

Deno.test("Engine.generate() begins a text as it is told, counts what it read, and reads tokens as they are", async () => {
  const { engine } = await fakeEngine({ lanes: 1, follow });
  const read = async (turn: Partial<Parameters<typeof take>[1]>) => {
    const { save, usage } = await take(engine, {
      prompt: "xy",
      maxTokens: 0,
      ...turn,
    });
    return [usage.promptTokens, save.position + save.unread.length];
  };
  assertEquals(await read({}), [3, 3]);
  assertEquals(await read({ bos: false }), [2, 2]);
  assertEquals(await read({ prompt: [0, ...LETTERS], bos: false }), [4, 4]);
  assertEquals(await read({ prompt: [0, "xyz"], bos: false }), [4, 4]);
  // A state cannot say what comes first without reading something.
  assertEquals(await read({ prompt: "", bos: false }), [1, 1]);
  const { save } = await take(engine, { prompt: "xy", maxTokens: 0 });
  assertEquals(await read({ save }), [2, 5]);
  await engine.dispose();
});

Deno.test("Engine.generate() draws scored tokens a few at a time", async () => {
  const { engine, model } = await fakeEngine({ lanes: 1, follow });
  await take(engine, { prompt: "a", maxTokens: 40, logprobs: 1 });
  const drawing = model.steps.flat().filter(({ draw }) => draw > 0);
  assertEquals(
    drawing.map(({ draw }) => draw),
    [1, 1, 2, 4, 8, 8, 8, 8],
  );
  assert(drawing.every(({ logits }) => logits === "drawn"));
  await engine.dispose();
});
