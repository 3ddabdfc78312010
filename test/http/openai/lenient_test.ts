/**
 * What clients write that means nothing, means "off", or is not known here: fields
 * by fields, as real ones send them.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RequestRecord } from "../../../src/observe/request_record.ts";
import { harness } from "../client.ts";

const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const HI = [{ role: "user", content: "Hi" }];
const NOW = { type: "function", function: { name: "now", parameters: {} } };

const TAKEN: [name: string, path: string, body: object, ignored?: string][] = [
  ["a text part with refusal null, and a role in it", CHAT, {
    messages: [...HI, {
      role: "assistant",
      content: [{ type: "text", text: "Yo", refusal: null, role: "assistant" }],
    }, ...HI],
  }, "messages[].content[].role"],
  ["no model", CHAT, { messages: HI }],
  ["an empty model", CHAT, { model: "", messages: HI }],
  ["no model, in responses", RESPONSES, { input: "Hi" }],
  ["no model, in completions", "/v1/completions", { prompt: "Hi" }],
  ["top_k -1", CHAT, { messages: HI, top_k: -1 }],
  ["a temperature of 5", CHAT, { messages: HI, temperature: 5 }],
  ["empty stops", CHAT, { messages: HI, stop: ["", null, "\n\n\n"] }],
  ["sampler fields of other servers", CHAT, {
    messages: HI,
    repetition_penalty: 1.1,
    typical_p: 1,
    chat_template_kwargs: { enable_thinking: false },
  }, "repetition_penalty, typical_p"],
  ["nulls, nested", CHAT, {
    model: null,
    messages: [
      { role: "user", content: "Hi", name: null },
      {
        role: "assistant",
        content: null,
        refusal: null,
        audio: null,
        function_call: null,
        tool_calls: [{
          id: null,
          type: null,
          function: { name: "now", arguments: null },
        }],
      },
      { role: "tool", content: "noon", tool_call_id: null },
    ],
    stop: null,
    top_p: null,
    min_p: null,
    top_k: null,
    penalty_decay: null,
    state: null,
    state_codec: null,
    state_profile: null,
    initial: null,
    max_tokens: null,
    n: null,
    logprobs: null,
    logit_bias: null,
    response_format: null,
    seed: null,
    stream_options: { include_usage: null },
    tools: [{
      type: "function",
      function: {
        name: "now",
        description: null,
        parameters: null,
        strict: null,
      },
    }],
    tool_choice: null,
    functions: null,
  }],
  ["nulls, nested, in responses", RESPONSES, {
    input: [
      {
        type: null,
        id: null,
        status: null,
        role: "user",
        content: [{ type: "input_text", text: "Hi", annotations: null }],
      },
      {
        type: "reasoning",
        id: null,
        encrypted_content: null,
        summary: [],
        content: null,
      },
    ],
    instructions: null,
    previous_response_id: null,
    conversation: null,
    prompt: null,
    include: null,
    reasoning: { effort: null, summary: null },
    text: { format: null, verbosity: null },
    tools: null,
    tool_choice: null,
    truncation: null,
    max_output_tokens: null,
    store: null,
    state: null,
    state_codec: null,
  }],
  ["tools that others run, only offered", RESPONSES, {
    input: "Hi",
    tools: [{ type: "web_search" }, {
      type: "function",
      name: "now",
      parameters: {},
    }, { type: "custom", name: "patch" }],
    client_metadata: { a: "b" },
  }, "tools[].web_search, tools[].custom, client_metadata"],
  ["a hosted tool in a chat", CHAT, {
    messages: HI,
    tools: [{ type: "web_search" }, NOW],
    web_search_options: {},
  }, "tools[].web_search, web_search_options"],
  ["the calls of hosted tools", RESPONSES, {
    input: [
      { type: "web_search_call", id: "ws_1", status: "completed" },
      { role: "user", content: "Hi" },
    ],
  }, "input[].web_search_call"],
  ["tools that are allowed", CHAT, {
    messages: HI,
    tools: [NOW, { type: "function", function: { name: "later" } }],
    tool_choice: {
      type: "allowed_tools",
      allowed_tools: {
        mode: "auto",
        tools: [{ type: "function", function: { name: "now" } }],
      },
    },
  }],
  ["field names that are texts", CHAT, {
    messages: HI,
    "a secret\r\nx": 1,
  }, "?"],
];

for (const [name, path, body, ignored] of TAKEN) {
  Deno.test(`OpenAI's routes take ${name}`, async () => {
    const records: RequestRecord[] = [];
    const { post, engine } = harness({
      observer: { finished: (record) => void records.push(record) },
    });
    for (const stream of [false, true]) {
      const response = await post(path, { ...body, stream });
      const text = await response.text();
      assertEquals([response.status, text.slice(0, 0)], [200, ""], text);
      assertEquals(response.headers.get("gosling-ignored"), ignored ?? null);
      assertEquals(records.at(-1)?.ignored.join(", "), ignored ?? "");
    }
    assertEquals(engine.turns.length, 2);
  });
}

Deno.test("OpenAI's routes read off values as off", async () => {
  const { post, engine } = harness();
  await post(CHAT, {
    messages: HI,
    top_k: -1,
    max_tokens: -1,
    seed: -1,
    stop: ["", "x"],
  });
  const [turn] = engine.turns;
  assertEquals([turn.sampling.topK, turn.maxTokens, turn.seed], [
    0,
    1 << 16,
    undefined,
  ]);
  assertEquals(turn.stops.map(({ text }) => text), ["\n\n", "x"]);
});

Deno.test("a strict server refuses what OpenAI's routes would ignore", async () => {
  const { post, engine } = harness({ strict: true });
  for (const [, path, body, ignored] of TAKEN) {
    const { status } = await post(path, body);
    assertEquals([body, status], [body, ignored === undefined ? 200 : 400]);
  }
  const response = await post(CHAT, {
    messages: HI,
    tools: [NOW, { type: "web_search" }],
  });
  const { error } = await response.json();
  assertEquals(error.param, "tools.1");
  assert(engine.turns.length > 0);
});

const REFUSED: [
  name: string,
  path: string,
  body: object,
  param: string,
  message: RegExp,
][] = [
  [
    "an image",
    CHAT,
    {
      messages: [{
        role: "user",
        content: [{ type: "text", text: "x" }, {
          type: "image_url",
          image_url: { url: "data:" },
        }],
      }],
    },
    "messages.0.content.1",
    /\/messages\/0\/content\/1: images are not taken/,
  ],
  [
    "an item that nobody knows",
    RESPONSES,
    { input: [{ role: "user", content: "Hi" }, { type: "banana" }] },
    "input.1.type",
    /\/input\/1\/type: is none of message, reasoning/,
  ],
  [
    "a number for a text",
    CHAT,
    { messages: [{ role: "user", content: 7 }] },
    "messages.0.content",
    /expected string or array/,
  ],
  [
    "a tool without a name",
    CHAT,
    { messages: HI, tools: [{ type: "function", function: {} }] },
    "tools.0.function.name",
    /is missing/,
  ],
  [
    "a hosted tool that is forced",
    RESPONSES,
    {
      input: "Hi",
      tools: [{ type: "web_search" }],
      tool_choice: { type: "web_search" },
    },
    "tool_choice.type",
    /./,
  ],
  [
    "a schema that is a text",
    CHAT,
    {
      messages: HI,
      response_format: {
        type: "json_schema",
        json_schema: { name: "x", schema: "y" },
      },
    },
    "response_format.json_schema.schema",
    /./,
  ],
  [
    "what needs a store",
    RESPONSES,
    { input: "Hi", conversation: "conv_1" },
    "conversation",
    /nothing is stored/,
  ],
];

for (const [name, path, body, param, message] of REFUSED) {
  Deno.test(`OpenAI's routes refuse ${name} at its place`, async () => {
    const { post, engine } = harness();
    // What could be ignored is no reason to look no further.
    const response = await post(path, { ...body, foo: 1 });
    const { error } = await response.json();
    assertEquals([response.status, error.param], [400, param]);
    assertMatch(error.message, message);
    assertEquals(engine.turns, []);
  });
}

Deno.test("the native routes refuse unknown fields at their place", async () => {
  const { post } = harness();
  const response = await post("/v1/state/convert", {
    to: "gosling",
    state: "x",
    foo: 1,
  });
  const { errors } = await response.json();
  assertEquals(errors.map(({ pointer }: { pointer: string }) => pointer), [
    "/foo",
  ]);
});
