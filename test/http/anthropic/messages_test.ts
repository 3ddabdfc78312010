/**
 * `/v1/messages` and `/v1/messages/count_tokens` against fakes: every field
 * answered, refused or ignored and named.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { promptText } from "../../../src/text/prompt_pieces.ts";
import { harness } from "../client.ts";
import { byteTokenizer, type FakeOptions } from "../fake_engine.ts";

const PATH = "/v1/messages";
const HI = { role: "user", content: "Hi" };
const CALL = ' ```json\n{"name":"now","arguments":{"a":1}}\n```\n\n';
const TOOLS = [{
  name: "now",
  description: "The time",
  input_schema: { type: "object", properties: { a: { type: "integer" } } },
}];

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly data?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly thinking?: string;
  readonly signature?: string;
}

interface Message {
  readonly content: readonly Block[];
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly usage: Readonly<Record<string, number>>;
}

function serve(options: FakeOptions & { readonly strict?: boolean } = {}) {
  const here = harness(options);
  const ask = async (body: object, stream = false): Promise<Message> => {
    const response = await here.post(PATH, {
      model: "fake",
      max_tokens: 99,
      messages: [HI],
      stream,
      ...body,
    });
    const text = await response.text();
    assertEquals(response.status, 200, text);
    return stream ? gathered(text) : JSON.parse(text);
  };
  const read = () => {
    const turn = here.engine.turns.at(-1);
    return turn === undefined ? "" : promptText(turn.prompt, byteTokenizer);
  };
  return { ...here, ask, read };
}

/** Puts the events of a stream together, as Anthropic's own client does. */
function gathered(text: string): Message {
  const events = text.split("\n\n").filter((block) => block !== "")
    .map((block) => {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      const parsed = JSON.parse(data ?? "");
      assertEquals(parsed.type, event);
      return parsed;
    });
  const [{ message }] = events;
  const content: Record<string, unknown>[] = [];
  let json = "";
  let ended = 0;
  for (const { type, index, content_block, delta, usage } of events.slice(1)) {
    switch (type) {
      case "content_block_start":
        assertEquals([index, ended], [content.length, content.length]);
        content.push({ ...content_block });
        json = "";
        break;
      case "content_block_delta": {
        const block = content[index] ?? {};
        block.text = delta.text && `${block.text}${delta.text}`;
        if (delta.text === undefined) delete block.text;
        if (delta.thinking !== undefined) block.thinking += delta.thinking;
        if (delta.signature !== undefined) block.signature = delta.signature;
        if (delta.partial_json !== undefined) {
          block.input = JSON.parse(json += delta.partial_json);
        }
        break;
      }
      case "content_block_stop":
        ended++;
        break;
      case "message_delta":
        Object.assign(message, delta, { usage });
    }
  }
  assertEquals(events.at(-1), { type: "message_stop" });
  return { ...message, content };
}

for (const stream of [false, true]) {
  const how = stream ? "in a stream" : "at once";

  Deno.test(`an answer ${how} has its text, then its state, which is gone on from`, async () => {
    const { ask, read, engine } = serve();
    const system = [
      { type: "text", text: "x-billing-header: every=time;" },
      { type: "text", text: "Be kind.", cache_control: { type: "ephemeral" } },
    ];
    const first = await ask({ system }, stream);
    assertEquals(read(), "System: Be kind.\n\nUser: Hi\n\nAssistant:");
    assertEquals(first.content.map(({ type }) => type), [
      "text",
      "redacted_thinking",
    ]);
    assertEquals(first.content[0]?.text, "Hello!");
    assertEquals(first.stop_reason, "end_turn");
    const messages = [HI, { role: "assistant", content: first.content }, {
      role: "user",
      content: [{ type: "text", text: "And now?" }],
    }];
    const second = await ask({ system, messages }, stream);
    assertEquals(read(), "User: And now?\n\nAssistant:");
    assert(engine.turns.at(-1)?.save !== undefined);
    assert((second.usage.cache_read_input_tokens ?? 0) > 0);
    const other = [{ type: "text", text: "Be brief." }];
    await ask({ system: other, messages }, stream);
    assertEquals(
      read(),
      "System: Be brief.\n\nUser: And now?\n\nAssistant:",
    );
  });

  Deno.test(`a history without states ${how} is read whole`, async () => {
    const { ask, read, engine } = serve();
    await ask({
      messages: [
        HI,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "abc" },
            { type: "redacted_thinking", data: "EmwKAhgBEgy3va3pzix" },
            { type: "text", text: "Hello!", citations: null },
          ],
        },
        { role: "user", content: "Bye" },
      ],
    }, stream);
    assertEquals(
      read(),
      "User: Hi\n\nAssistant: <think>\nHm.\n</think>\nHello!\n\n" +
        "User: Bye\n\nAssistant:",
    );
    assertEquals(engine.turns.at(-1)?.save, undefined);
  });

  Deno.test(`calls ${how}, and what tools gave`, async () => {
    const { ask, read } = serve({
      reply: (prompt) => prompt.includes("output") ? " Noon.\n\n" : CALL,
    });
    const first = await ask({ tools: TOOLS }, stream);
    assertEquals(first.stop_reason, "tool_use");
    const [call, state] = first.content;
    assertEquals([call?.type, state?.type], ["tool_use", "redacted_thinking"]);
    assertEquals([call?.name, call?.input], ["now", { a: 1 }]);
    assertMatch(call?.id ?? "", /^toolu_\w{24}$/);
    const messages = [HI, { role: "assistant", content: first.content }, {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: call?.id,
          content: [{ type: "text", text: "12:00" }],
          is_error: true,
        },
        { type: "text", text: "Well?" },
      ],
    }];
    const second = await ask({ tools: TOOLS, messages }, stream);
    assertEquals(
      read(),
      "User: Function output:\nError: 12:00\n\nUser: Well?\n\nAssistant:",
    );
    assertEquals(second.content[0]?.text, "Noon.");
    assertEquals(second.stop_reason, "end_turn");
    const [{ content }] = [{ content: first.content.slice(0, 1) }];
    const bare = messages.with(1, { role: "assistant", content });
    await ask({ tools: TOOLS, messages: bare }, stream);
    assert(read().includes('{"name":"now","arguments":{"a":1}}'), read());
  });

  Deno.test(`a last message of the assistant's is gone on with ${how}`, async () => {
    const { ask, read } = serve();
    const first = await ask({}, stream);
    const begun = { role: "assistant", content: "The answer is (" };
    await ask({ messages: [HI, begun] }, stream);
    assertEquals(read(), "User: Hi\n\nAssistant: The answer is (");
    await ask({
      messages: [
        HI,
        { role: "assistant", content: first.content },
        HI,
        begun,
      ],
    }, stream);
    assertEquals(read(), "User: Hi\n\nAssistant: The answer is (");
  });

  Deno.test(`an answer ${how} says why it ended`, async () => {
    const { ask } = serve();
    const cut = await ask({ max_tokens: 3 }, stream);
    assertEquals([cut.stop_reason, cut.stop_sequence], ["max_tokens", null]);
    assertEquals(cut.content[0]?.text, "He");
    const stopped = await ask({ stop_sequences: ["llo", "x"] }, stream);
    assertEquals(
      [stopped.stop_reason, stopped.stop_sequence, stopped.content[0]?.text],
      ["stop_sequence", "llo", "He"],
    );
    const nothing = await ask({ max_tokens: 0 }, stream);
    assertEquals(nothing.content[0], { type: "text", text: "" });
  });

  Deno.test(`a thought ${how} has a block of its own, and no more tokens than it may`, async () => {
    const { ask, read, engine } = serve({
      model: "rwkv7-g1-test",
      tokenMs: 1,
      reply: (prompt) =>
        prompt.endsWith("<think")
          ? `>\n${"hm ".repeat(40)}</think>\nYes.\n\nUser:`
          : prompt === ""
          ? "Yes.\n\n"
          : "",
    });
    const free = await ask({
      model: "rwkv7-g1-test",
      max_tokens: 400,
      thinking: { type: "adaptive" },
      output_config: { effort: "max" },
    }, stream);
    assert(read().includes("(think a lot)"), read());
    assertEquals(free.content.map(({ type }) => type), [
      "thinking",
      "text",
      "redacted_thinking",
    ]);
    assertEquals(free.content[0]?.thinking, "hm ".repeat(40).trim());
    assert(free.content[0]?.signature);
    const before = engine.turns.length;
    const bound = await ask({
      model: "rwkv7-g1-test",
      max_tokens: 400,
      thinking: { type: "enabled", budget_tokens: 12 },
    }, stream);
    const turns = engine.turns.slice(before);
    assertEquals(turns.map(({ prompt }) => prompt).slice(1), [
      "\n</think>\n",
      "",
    ]);
    const { thinking = "" } = bound.content[0] ?? {};
    assert(thinking.length >= 12 && thinking.length < 40, thinking);
    assertEquals(bound.content[1]?.text, "Yes.");
    assertEquals(bound.stop_reason, "end_turn");
    const plain = await ask({ model: "rwkv7-g1-test" }, stream);
    assertEquals(plain.content[0]?.type, "text");
  });
}

Deno.test("an answer keeps to a schema, and a tool that is asked for is called", async () => {
  const { ask, engine } = serve({
    reply: () => '{"name":"now","arguments":{}}',
  });
  await ask({ tools: TOOLS, tool_choice: { type: "any" } });
  assert(engine.turns.at(-1)?.constraint !== undefined);
  const called = await ask({
    tools: TOOLS,
    tool_choice: { type: "tool", name: "now" },
  });
  assertEquals(called.content[0]?.name, "now");
  const schema = { type: "object", properties: {} };
  await ask({ output_config: { format: { type: "json_schema", schema } } });
  assert(engine.turns.at(-1)?.constraint !== undefined);
});

Deno.test("three hundred tools with long schemas are told, and called", async () => {
  const many = Array.from({ length: 300 }, (_, i) => ({
    name: `mcp__server__tool_${i}`,
    description: "Does something. ".repeat(40),
    input_schema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: Object.fromEntries(
        Array.from({ length: 12 }, (_, j) => [`field_${j}`, {
          type: "string",
          description: "A field",
        }]),
      ),
      required: ["field_0"],
      additionalProperties: false,
    },
    cache_control: { type: "ephemeral" },
  }));
  const { ask, read } = serve({
    reply: () =>
      ' ```json\n{"name":"mcp__server__tool_299","arguments":{"field_0":"a"}}\n```\n\n',
  });
  const first = await ask({ tools: many });
  assert(read().includes("- mcp__server__tool_299(field_0: string"), read());
  assertEquals(first.content[0]?.name, "mcp__server__tool_299");
  await ask({
    tools: many,
    messages: [HI, { role: "assistant", content: first.content }, {
      role: "user",
      content: [{
        type: "tool_result",
        tool_use_id: first.content[0]?.id,
        content: "done",
      }],
    }],
  });
  assertEquals(read(), "User: Function output:\ndone\n\nAssistant:");
});

Deno.test("tokens are counted as they would be read, with a state or without", async () => {
  const { ask, post } = serve();
  const counted = async (body: object) => {
    const response = await post(`${PATH}/count_tokens`, {
      model: "fake",
      ...body,
    });
    return (await response.json()).input_tokens;
  };
  const text = "User: Hi\n\nAssistant:";
  assertEquals(await counted({ messages: [HI] }), 1 + text.length);
  const { content, usage } = await ask({});
  const { input_tokens = 0, output_tokens = 0 } = usage;
  const messages = [HI, { role: "assistant", content }, HI];
  assertEquals(
    await counted({ messages }),
    input_tokens + output_tokens + text.length,
  );
});

Deno.test("what this server does not have is ignored and named, or refused by name", async () => {
  const { post } = serve();
  const ask = (body: object) =>
    post(PATH, { model: "fake", max_tokens: 9, messages: [HI], ...body });
  const lenient = await ask({
    mcp_servers: [],
    tools: [...TOOLS, { type: "web_search_20250305", name: "web_search" }],
    messages: [HI, {
      role: "assistant",
      content: [
        { type: "server_tool_use", id: "a", name: "web_search", input: {} },
        { type: "web_search_tool_result", tool_use_id: "a", content: [] },
        { type: "text", text: "Found." },
      ],
    }, HI],
  });
  assertEquals(lenient.status, 200, await lenient.clone().text());
  const named = lenient.headers.get("gosling-ignored") ?? "";
  for (
    const name of ["mcp_servers", "web_search_20250305", "server_tool_use"]
  ) {
    assert(named.includes(name), named);
  }
  for (
    const [body, message] of [
      [{ messages: [] }, "/messages"],
      [{ max_tokens: undefined }, "/max_tokens: is missing"],
      [{ tool_choice: { type: "any" } }, "/tool_choice"],
      [{ thinking: { type: "enabled" } }, "/thinking/budget_tokens"],
      [{
        messages: [{
          role: "user",
          content: [{ type: "image", source: { type: "url", url: "a" } }],
        }],
      }, "images are not taken"],
    ] as const
  ) {
    const response = await ask(body);
    const { type, error, request_id } = await response.json();
    assertEquals([response.status, type], [400, "error"]);
    assertEquals(error.type, "invalid_request_error");
    assert(error.message.includes(message), error.message);
    assertEquals(response.headers.get("request-id"), request_id);
  }
  const strict = await serve({ strict: true }).post(PATH, {
    model: "fake",
    max_tokens: 9,
    messages: [HI],
    mcp_servers: [],
  });
  assertEquals(strict.status, 400);
  await strict.body?.cancel();
});

Deno.test("keys come in either header, and errors are in Anthropic's words", async () => {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode("secret")),
  ).toHex();
  const { post, get } = harness({ keys: [{ name: "me", digest }] });
  const body = { model: "fake", max_tokens: 9, messages: [HI] };
  for (
    const [headers, status, type] of [
      [{ "x-api-key": "secret" }, 200, undefined],
      [{ authorization: "Bearer secret" }, 200, undefined],
      [{ "x-api-key": "other" }, 401, "authentication_error"],
      [
        { authorization: "Bearer other", "x-api-key": "secret" },
        401,
        "authentication_error",
      ],
      [{}, 401, "authentication_error"],
    ] as const
  ) {
    const response = await post(PATH, body, { headers: { ...headers } });
    assertEquals([response.status, (await response.json()).error?.type], [
      status,
      type,
    ]);
  }
  const headers = { "x-api-key": "secret" };
  const lost = await post(PATH, { ...body, model: "gpt" }, { headers });
  assertEquals([lost.status, (await lost.json()).error.type], [
    404,
    "not_found_error",
  ]);
  const batches = await get(`${PATH}/batches`, { headers });
  assertEquals((await batches.json()).error.type, "not_found_error");
  const method = await get(PATH, { headers });
  assertEquals(method.status, 405);
  await method.body?.cancel();
});

Deno.test("a device that goes away in a stream is an event of its own", async () => {
  const fail = () => new Error("Cannot go on: gone");
  const { post } = harness({ fail, reply: () => "Hi" });
  const response = await post(PATH, {
    model: "fake",
    max_tokens: 9,
    messages: [HI],
    stream: true,
  });
  const text = await response.text();
  assertMatch(text, /event: error\ndata: \{"type":"error".*ERR_INTERNAL/);
});

Deno.test("models are listed in Anthropic's shape for its clients, in OpenAI's for others", async () => {
  const { get } = harness();
  const ask = async (path: string, headers: HeadersInit) =>
    await (await get(path, { headers })).json();
  const version = { "anthropic-version": "2023-06-01" };
  const { data, ...page } = await ask("/v1/models", version);
  assertEquals(page, { has_more: false, first_id: "fake", last_id: "fake" });
  assertEquals([data[0].type, data[0].id], ["model", "fake"]);
  assertEquals((await ask("/v1/models/fake", version)).type, "model");
  assertEquals((await ask("/v1/models", {})).object, "list");
  assertEquals((await ask("/v1/models/fake", {})).object, "model");
});
