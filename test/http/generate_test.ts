import { assert, assertEquals, assertMatch } from "@std/assert";
import { BusyError, DeviceError } from "../../src/errors.ts";
import { eventsOf, harness } from "./client.ts";

const PATH = "/v1/generate";
/** What an answer to {@linkcode HI} says besides its text, whole or streamed. */
const ANSWERED = {
  object: "generation",
  model: "fake",
  finish_reason: "stop",
  usage: {
    prompt_tokens: 20,
    completion_tokens: 9,
    position: 29,
    prefill_saved_tokens: 0,
  },
  state: "save..0",
  state_bytes: 7,
  state_codec: "int8",
};
const HI = { messages: [{ role: "user", content: "Hi" }] };

Deno.test("generate answers with every field of the contract", async () => {
  const { post } = harness();
  const response = await post(PATH, HI);
  assertEquals(response.status, 200);
  const id = response.headers.get("x-request-id");
  const { timings, ...answer } = await response.json();
  assertEquals(answer, {
    ...ANSWERED,
    id: `gen-${id}`,
    text: "Hello!",
  });
  assertEquals(Object.keys(timings), [
    "open_ms",
    "prefill_ms",
    "decode_ms",
    "seal_ms",
  ]);
  assertEquals([timings.prefill_ms, timings.decode_ms], [1, 2]);
});

Deno.test("generate reads only the new messages after the state's", async () => {
  const { post, engine } = harness();
  const { state } = await (await post(PATH, HI)).json();
  await post(PATH, { ...HI, state });
  assertEquals(engine.turns.map(({ prompt }) => prompt), [
    "User: Hi\n\nAssistant:",
    "User: Hi\n\nAssistant:",
  ]);
  assertEquals(engine.turns[1]?.save?.position, 29);
});

Deno.test("generate ends an answer cut off by max_tokens before it goes on", async () => {
  const { post, engine } = harness();
  const cut = await (await post(PATH, { ...HI, max_tokens: 3 })).json();
  assertEquals([cut.text, cut.finish_reason], ["He", "length"]);
  await post(PATH, { ...HI, state: cut.state });
  assertEquals(engine.turns[1]?.prompt, "\n\nUser: Hi\n\nAssistant:");
});

Deno.test("generate goes on with a cut answer for an empty prompt", async () => {
  const { post, engine } = harness();
  const cut = await (await post(PATH, { ...HI, max_tokens: 3 })).json();
  await post(PATH, { prompt: "", state: cut.state });
  assertEquals(engine.turns[1]?.prompt, "");
  assertEquals(engine.turns[1]?.save?.chat, { open: true, thinking: false });
});

Deno.test("generate keeps the template's turn end and no other stop", async () => {
  const { post, engine } = harness();
  await post(PATH, { ...HI, stop: "!" });
  await post(PATH, { prompt: "Hi", stop: ["a", "b"] });
  assertEquals(engine.turns.map(({ stops }) => stops), [
    [{ text: "\n\n", kept: true }, { text: "!", kept: false }],
    [{ text: "a", kept: false }, { text: "b", kept: false }],
  ]);
});

Deno.test("generate hands every sampling field to the engine", async () => {
  const { post, engine } = harness();
  await post(PATH, {
    prompt: "",
    temperature: 0.5,
    top_k: 4,
    top_p: 0.9,
    min_p: 0.1,
    presence_penalty: 0.2,
    frequency_penalty: 0.3,
    penalty_decay: 0.9,
    seed: 2 ** 32 + 5,
    logit_bias: { "7": -100 },
    max_tokens: 9,
  });
  const [turn] = engine.turns;
  assertEquals(turn?.sampling, {
    temperature: 0.5,
    topK: 4,
    topP: 0.9,
    minP: 0.1,
    presencePenalty: 0.2,
    frequencyPenalty: 0.3,
    penaltyDecay: 0.9,
    logitBias: new Map([[7, -100]]),
  });
  assertEquals(turn?.seed, [5, 1]);
  assertEquals(turn?.maxTokens, 9);
});

Deno.test("generate with max_tokens 0 reads, says nothing, returns the state", async () => {
  const { post } = harness();
  const answer = await (await post(PATH, { ...HI, max_tokens: 0 })).json();
  assertEquals([answer.text, answer.finish_reason], ["", "length"]);
  assertEquals(answer.state, "save..0");
});

Deno.test("generate returns no state where none is asked for", async () => {
  const { post, vault } = harness();
  const answer = await (await post(PATH, { ...HI, state_codec: "none" }))
    .json();
  assertEquals("state" in answer || "state_bytes" in answer, false);
  assertEquals(vault.sealed, []);
});

Deno.test("generate seals with the codec and profile asked for", async () => {
  const { post, vault } = harness({ portable: true });
  await post(PATH, HI);
  await post(PATH, { ...HI, state_codec: "exact", state_profile: "portable" });
  // A conversation that begins here was issued by no earlier token.
  const begun = { lineage: undefined, renewable: undefined, tenant: "" };
  assertEquals(vault.sealed, [
    { codec: "int8", profile: "sealed", ...begun },
    { codec: "exact", profile: "portable", ...begun },
  ]);
});

Deno.test("generate refuses a portable state before the model works", async () => {
  const { post, engine } = harness();
  const response = await post(PATH, { ...HI, state_profile: "portable" });
  assertEquals(response.status, 403);
  assertEquals((await response.json()).code, "ERR_STATE_PROFILE");
  assertEquals(engine.turns, []);
});

Deno.test("generate streams text, then one done event", async () => {
  const { post } = harness();
  const response = await post(PATH, { ...HI, stream: true });
  assertEquals(response.status, 200);
  assertMatch(
    response.headers.get("content-type") ?? "",
    /^text\/event-stream/,
  );
  const body = await response.text();
  assert(body.endsWith("\n\n"));
  const events = eventsOf(body) as { type: string; text?: string }[];
  assertEquals(
    events.slice(0, -1).map(({ text }) => text).join(""),
    "Hello!",
  );
  const { timings, ...done } = events.at(-1) as Record<string, unknown>;
  assertEquals(done, {
    ...ANSWERED,
    type: "done",
    id: `gen-${response.headers.get("x-request-id")}`,
  });
  assert(timings instanceof Object);
});

Deno.test("generate answers a full queue with a status, also where it would stream", async () => {
  const refuse = () => new BusyError("ERR_TOO_BUSY", "Cannot take the turn: 9");
  for (const stream of [false, true]) {
    const response = await harness({ refuse }).post(PATH, { ...HI, stream });
    assertEquals(response.status, 429);
    assertEquals(response.headers.get("retry-after"), "1");
    assertEquals((await response.json()).code, "ERR_TOO_BUSY");
  }
});

Deno.test("generate ends a stream with a problem if the device goes away", async () => {
  const fail = () =>
    new DeviceError("ERR_DEVICE_LOST", "Cannot step: the device went away");
  const { post } = harness({ fail });
  const response = await post(PATH, { prompt: "", stream: true });
  assertEquals(response.status, 200);
  const last = eventsOf(await response.text()).at(-1);
  assertEquals(last, {
    type: "problem",
    title: "The device was lost",
    status: 503,
    detail: "Cannot step: the device went away",
    code: "ERR_DEVICE_LOST",
    instance: `urn:uuid:${response.headers.get("x-request-id")}`,
  });
});

Deno.test("generate says nothing of an error that is not ours", async () => {
  const secret = "postgres://me:secret@db";
  for (const stream of [false, true]) {
    const { post } = harness({ fail: () => new Error(secret) });
    const response = await post(PATH, { ...HI, stream });
    const body = await response.text();
    assert(!body.includes("secret"));
    assertMatch(body, /ERR_INTERNAL/);
  }
});

Deno.test("generate reports errors that are not the client's doing", async () => {
  const error = new Error("Broken");
  const { post, reported } = harness({ refuse: () => error });
  assertEquals((await post(PATH, HI)).status, 500);
  await post(PATH, "{");
  assertEquals(reported, [error]);
});

Deno.test("generate answers in two parts and takes a state as bytes", async () => {
  const { post, engine } = harness();
  const headers = { accept: "multipart/mixed" };
  const response = await post(PATH, HI, { headers });
  const [, boundary] = /boundary=(.+)$/.exec(
    response.headers.get("content-type") ?? "",
  ) ?? [];
  const [, json = "", state = "", end] = (await response.text())
    .split(`--${boundary}`);
  assertMatch(json, /content-type: application\/json/);
  assertMatch(state, /content-type: application\/vnd\.gosling\.state/);
  assertEquals(end, "--\r\n");
  const answer = JSON.parse(json.split("\r\n\r\n")[1] ?? "");
  assertEquals([answer.text, answer.state, answer.state_bytes], [
    "Hello!",
    undefined,
    7,
  ]);
  const [, bytes = ""] = state.split("\r\n\r\n");
  const form = new FormData();
  form.set("request", JSON.stringify(HI));
  form.set("state", new Blob([bytes.trimEnd()]));
  assertEquals((await post(PATH, form)).status, 200);
  assertEquals(engine.turns[1]?.save?.position, 29);
});

Deno.test("generate refuses a form with two states", async () => {
  const { post } = harness();
  const form = new FormData();
  form.set("request", JSON.stringify({ ...HI, state: "a" }));
  form.set("state", new Blob(["a"]));
  const response = await post(PATH, form);
  assertEquals(response.status, 422);
  assertEquals((await response.json()).errors[0].pointer, "/state");
});

Deno.test("generate sends one part where no state is asked for", async () => {
  const { post } = harness();
  const headers = { accept: "multipart/mixed" };
  const response = await post(PATH, { ...HI, state_codec: "none" }, {
    headers,
  });
  assertEquals((await response.text()).match(/content-type/g)?.length, 1);
});

Deno.test("generate refuses to stream in parts", async () => {
  const { post } = harness();
  const headers = { accept: "multipart/mixed" };
  const response = await post(PATH, { ...HI, stream: true }, { headers });
  assertEquals(response.status, 422);
  const { errors: [error] } = await response.json();
  assertEquals(error.pointer, "/stream");
});

Deno.test("generate answers JSON to a client that accepts anything", async () => {
  const { post } = harness();
  const response = await post(PATH, HI, { headers: { accept: "*/*" } });
  assertMatch(response.headers.get("content-type") ?? "", /application\/json/);
});
