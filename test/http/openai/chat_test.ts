import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BusyError } from "../../../src/errors.ts";
import { until } from "../../support/until.ts";
import { officialClient } from "./official_client.ts";

const HI = {
  model: "fake",
  messages: [{ role: "user" as const, content: "Hi" }],
};

/** Fields that the native API adds to OpenAI's. */
interface Carried {
  readonly state?: string;
}

Deno.test("chat completions have OpenAI's shape and a state on top", async () => {
  const { post } = officialClient();
  const before = Math.floor(Date.now() / 1000);
  const response = await post("/v1/chat/completions", HI);
  const id = response.headers.get("x-request-id");
  const { created, ...answer } = await response.json();
  assert(created >= before && created <= Date.now() / 1000);
  assertEquals(answer, {
    id: `chatcmpl-${id}`,
    model: "fake",
    object: "chat.completion",
    choices: [{
      index: 0,
      message: { role: "assistant", content: "Hello!", refusal: null },
      logprobs: null,
      finish_reason: "stop",
    }],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 9,
      total_tokens: 29,
      prompt_tokens_details: { cached_tokens: 0 },
    },
    state: "save..0",
  });
});

Deno.test("chat completions read the whole list without a state, what is new with it", async () => {
  const { openai, engine } = officialClient();
  const first = await openai.chat.completions.create(HI) as Carried;
  const history = [
    { role: "system" as const, content: "Be brief." },
    ...HI.messages,
    { role: "assistant" as const, content: "Hello!" },
    { role: "user" as const, content: "Who are you?" },
  ];
  await openai.chat.completions.create({ model: "fake", messages: history });
  const carried = { model: "fake", messages: history, state: first.state };
  const third = await openai.chat.completions.create(carried);
  assertEquals(engine.turns.map(({ prompt }) => prompt), [
    "User: Hi\n\nAssistant:",
    "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello!\n\n" +
    "User: Who are you?\n\nAssistant:",
    "System: Be brief.\n\nUser: Who are you?\n\nAssistant:",
  ]);
  assertEquals(third.usage?.prompt_tokens_details?.cached_tokens, 29);
});

Deno.test("chat completions stream chunks in OpenAI's order, the state last", async () => {
  const { openai } = officialClient();
  const stream = await openai.chat.completions.create({ ...HI, stream: true });
  const chunks = await Array.fromAsync(stream);
  assertEquals(new Set(chunks.map(({ object }) => object)).size, 1);
  const deltas = chunks.map(({ choices: [choice] }) => choice?.delta);
  assertEquals(deltas[0], { role: "assistant", content: "" });
  assertEquals(
    deltas.map((delta) => delta?.content ?? "").join(""),
    "Hello!",
  );
  assertEquals(deltas.at(-1), {});
  assertEquals(chunks.at(-1)?.choices[0]?.finish_reason, "stop");
  assertEquals((chunks.at(-1) as Carried).state, "save..0");
  assert(chunks.every((chunk) => !("usage" in chunk)));
});

Deno.test("chat completions send usage in a chunk of its own where it is asked for", async () => {
  const { openai } = officialClient();
  const stream = openai.chat.completions.stream({
    ...HI,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  assertEquals(chunks.at(-1)?.choices, []);
  assertEquals(chunks.at(-1)?.usage?.total_tokens, 29);
  assert(chunks.slice(0, -1).every(({ usage }) => usage === null));
  const final = await stream.finalChatCompletion();
  assertEquals((final as Carried).state, "save..0");
  assertEquals(final.choices[0]?.message.content, "Hello!");
});

Deno.test("chat completions end a raw stream with [DONE]", async () => {
  const { post } = officialClient();
  const body = { ...HI, stream: true };
  const text = await (await post("/v1/chat/completions", body)).text();
  assert(text.endsWith("\n\ndata: [DONE]\n\n"));
});

Deno.test("chat completions give n choices seeds of their own", async () => {
  const { openai, engine } = officialClient();
  const { choices, usage } = await openai.chat.completions.create({
    ...HI,
    n: 3,
    seed: 7,
  });
  assertEquals(choices.map(({ index }) => index), [0, 1, 2]);
  assertEquals(engine.turns.map(({ seed }) => seed), [[7, 0], [8, 0], [9, 0]]);
  assertEquals([usage?.prompt_tokens, usage?.completion_tokens], [20, 27]);
  const streamed = await openai.chat.completions.create({
    ...HI,
    n: 2,
    stream: true,
  });
  const texts = ["", ""];
  for await (const { choices: [choice] } of streamed) {
    assert(choice !== undefined);
    texts[choice.index] += choice.delta.content ?? "";
  }
  assertEquals(texts, ["Hello!", "Hello!"]);
});

Deno.test("chat completions say how likely tokens were", async () => {
  const { openai } = officialClient({ reply: () => " é\n\n" });
  const { choices: [choice] } = await openai.chat.completions.create({
    ...HI,
    logprobs: true,
    top_logprobs: 1,
  });
  const content = choice?.logprobs?.content;
  assertEquals(content?.length, 3);
  assertEquals(content?.[0], {
    token: " ",
    logprob: -33,
    bytes: [32],
    top_logprobs: [{ token: " ", logprob: -33, bytes: [32] }],
  });
  assertEquals(content?.slice(1).flatMap(({ bytes }) => bytes), [0xc3, 0xa9]);
});

Deno.test("chat completions take content in parts, developers, and nulls", async () => {
  const { post, engine } = officialClient();
  const response = await post("/v1/chat/completions", {
    model: "fake",
    messages: [
      { role: "developer", content: [{ type: "text", text: "Be" }] },
      {
        role: "user",
        content: [{ type: "text", text: "H" }, {
          type: "text",
          text: "i",
        }],
      },
    ],
    temperature: null,
    stop: null,
    n: null,
    stream: null,
    user: "me",
    metadata: {},
  });
  assertEquals(response.status, 200);
  assertEquals(
    engine.turns[0]?.prompt,
    "System: Be\n\nUser: Hi\n\nAssistant:",
  );
});

Deno.test("chat completions bound the answer by either name", async () => {
  const { openai, engine } = officialClient();
  await openai.chat.completions.create({ ...HI, max_tokens: 3 });
  const { choices: [choice] } = await openai.chat.completions.create({
    ...HI,
    max_completion_tokens: 2,
  });
  assertEquals(engine.turns.map(({ maxTokens }) => maxTokens), [3, 2]);
  assertEquals(choice?.finish_reason, "length");
});

for (
  const [name, more, status, code, param] of [
    ["another model", { model: "gpt-4o" }, 404, "model_not_found", null],
    [
      "an image",
      {
        messages: [{ role: "user", content: [{ type: "image_url" }] }],
      },
      400,
      "ERR_REQUEST_INVALID",
      "messages.0.content.0",
    ],
    ["no messages", { messages: [] }, 400, "ERR_REQUEST_INVALID", "messages"],
    [
      "too hot",
      { temperature: 101 },
      400,
      "ERR_REQUEST_INVALID",
      "temperature",
    ],
    [
      "likely tokens without asking how likely",
      { top_logprobs: 2 },
      400,
      "ERR_REQUEST_INVALID",
      "top_logprobs",
    ],
    ["no token", { state: "x" }, 400, "ERR_STATE_UNREADABLE", null],
  ] as const
) {
  Deno.test(`chat completions refuse ${name} in OpenAI's words`, async () => {
    const { post } = officialClient();
    const response = await post("/v1/chat/completions", { ...HI, ...more });
    assertEquals(response.status, status);
    const { error } = await response.json();
    assertEquals(error.code, code);
    assertEquals(error.type, "invalid_request_error");
    assertEquals(error.param, param);
    assertMatch(error.message, /^Cannot /);
  });
}

Deno.test("chat completions take null for what they refuse, and any seed", async () => {
  const { post, engine } = officialClient();
  const path = "/v1/chat/completions";
  const names = ["function_call", "functions"];
  const nulls = Object.fromEntries(names.map((name) => [name, null]));
  const body = { ...HI, ...nulls, seed: -5, n: 2 };
  assertEquals((await post(path, body)).status, 200);
  assertEquals(engine.turns.map(({ seed }) => seed), [
    [2 ** 32 - 5, 2 ** 21 - 1],
    [2 ** 32 - 4, 2 ** 21 - 1],
  ]);
  for (const name of names) {
    const { error } = await (await post(path, { ...HI, [name]: [1] })).json();
    assertEquals(error.param, name);
    assertMatch(error.message, /is not supported/);
  }
});

Deno.test("chat completions throw the client's own error classes", async () => {
  const { openai } = officialClient({
    refuse: () => new BusyError("ERR_TOO_BUSY", "Cannot take the turn: full"),
  });
  await assertRejects(() => openai.chat.completions.create(HI), {
    name: "Error",
    status: 429,
    code: "rate_limit_exceeded",
  });
  await assertRejects(
    () => openai.chat.completions.create({ ...HI, stream: true }),
    { status: 429 },
  );
});

Deno.test("chat completions say in the stream what went wrong on the way", async () => {
  const { openai } = officialClient({
    reply: () => "Hello",
    fail: () => new Error("Secret"),
  });
  const stream = await openai.chat.completions.create({ ...HI, stream: true });
  await assertRejects(() => Array.fromAsync(stream), /Internal server error/);
});

Deno.test("chat completions stop working when the client aborts", async () => {
  const { openai, engine } = officialClient({
    reply: () => "a".repeat(10_000),
    tokenMs: 1,
  });
  const stream = await openai.chat.completions.create({
    ...HI,
    stream: true,
    max_tokens: 10_000,
  });
  for await (const { choices: [choice] } of stream) {
    if (choice?.delta.content) break;
  }
  await until("it is freed", () => engine.freed === 1);
});

const G1 = {
  model: "rwkv7-g1d-0.4b",
  messages: [{ role: "user" as const, content: "2 + 2?" }],
};
const THOUGHT = ">\nTwo.\n\nAnd two.\n</think>\nFour.\n\nUser: Why";

Deno.test("chat completions tell a thought from the answer", async () => {
  const { openai, engine } = officialClient({
    model: G1.model,
    reply: () => THOUGHT,
  });
  const asked = { ...G1, reasoning_effort: "low" as const };
  const { choices: [choice] } = await openai.chat.completions.create(asked);
  assertEquals(
    choice?.message,
    {
      role: "assistant",
      content: "Four.",
      refusal: null,
      reasoning_content: "Two.\n\nAnd two.",
    } as typeof choice.message,
  );
  assertEquals(
    engine.turns[0]?.prompt,
    "User: 2 + 2? (think a bit)\n\nAssistant: <think",
  );
  let [content, reasoning] = ["", ""];
  const stream = { ...asked, stream: true as const };
  for await (
    const { choices: [choice] } of await openai.chat.completions.create(stream)
  ) {
    const delta: { content?: string | null; reasoning_content?: string } =
      choice?.delta ?? {};
    content += delta.content ?? "";
    reasoning += delta.reasoning_content ?? "";
  }
  assertEquals([content, reasoning], ["Four.", "Two.\n\nAnd two."]);
});

Deno.test("chat completions end a thought that was cut off before they go on", async () => {
  const { openai, engine } = officialClient({
    model: G1.model,
    reply: () => THOUGHT,
  });
  const cut = await openai.chat.completions.create({
    ...G1,
    reasoning_effort: "high",
    max_tokens: 5,
  }) as Carried;
  const next = { ...G1, state: cut.state };
  await openai.chat.completions.create(next);
  assertEquals(engine.turns[1]?.save?.chat, { open: true, thinking: true });
  assertEquals(
    engine.turns[1]?.prompt,
    "\n</think>\n\nUser: 2 + 2?\n\nAssistant:",
  );
});

Deno.test("chat completions do not ask a model to think that cannot", async () => {
  const { openai, engine } = officialClient();
  await openai.chat.completions.create({ ...HI, reasoning_effort: "high" });
  assertEquals(engine.turns[0]?.prompt, "User: Hi\n\nAssistant:");
});
