import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../src/http/app.ts";
import type { JsonLimits } from "../../src/http/request/request_grammar.ts";
import { loaderOf } from "../../src/http/services.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import { fakeEngine } from "../engine/laws.ts";
import { eventsOf } from "../http/client.ts";
import { fakeVault } from "../http/fake_vault.ts";
import { FAKE_SHAPE, fakeTokenizer, token } from "../support/fake_device.ts";

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 12 },
    age: { type: "integer", minimum: 0, maximum: 150 },
    tags: { type: "array", items: { enum: ["a", "é"] }, maxItems: 3 },
  },
  required: ["name", "age", "tags"],
  additionalProperties: false,
};
const MESSAGES = [{ role: "user", content: "Who?" }];

/** The app over an engine whose model draws at random; some letters are likely. */
async function served(
  { likely = '"', json = {} }: { likely?: string; json?: JsonLimits } = {},
) {
  const tokens = [...likely].map(token);
  const { engine } = await fakeEngine({ lanes: 3, follow: () => tokens });
  const vault = fakeVault();
  const grammars = superviseGrammars({
    tokenizer: fakeTokenizer,
    V: FAKE_SHAPE.V,
  });
  const services = { engine, vault, grammars, portable: false };
  const app = createApp({
    loader: loaderOf(services),
    keys: [],
    limits: { json },
    report: () => {},
  });
  return {
    vault,
    async post(path: string, body: object): Promise<Response> {
      return await app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "fake", ...body }),
      });
    },
    async [Symbol.asyncDispose]() {
      await engine.dispose();
      grammars.close();
    },
  };
}

function expectPerson(text: string): void {
  const { name, age, tags } = JSON.parse(text);
  assert([...name].length <= 12 && age >= 0 && age <= 150, text);
  assert(tags.every((tag: string) => ["a", "é"].includes(tag)), text);
}

Deno.test("POST /v1/chat/completions answers in a schema, and goes on after it", async () => {
  await using server = await served();
  const format = {
    type: "json_schema",
    json_schema: { name: "person", schema: SCHEMA, strict: true },
  };
  const asked = { messages: MESSAGES, response_format: format, seed: 1, n: 3 };
  const response = await server.post("/v1/chat/completions", asked);
  const { choices, state } = await response.json();
  assertEquals(response.status, 200, JSON.stringify(choices));
  assertEquals(choices.length, 3);
  for (const { message, finish_reason } of choices) {
    assertEquals(finish_reason, "stop");
    expectPerson(message.content);
  }
  const save = await server.vault.open(state, {});
  assertEquals(save.chat, { open: false, thinking: false });
  const more = { messages: MESSAGES, state, max_tokens: 3 };
  assertEquals((await server.post("/v1/chat/completions", more)).status, 200);
});

Deno.test("POST /v1/chat/completions streams any JSON object", async () => {
  await using server = await served();
  const response = await server.post("/v1/chat/completions", {
    messages: MESSAGES,
    response_format: { type: "json_object" },
    stream: true,
    seed: 3,
    max_tokens: 3000,
  });
  const chunks = eventsOf(
    (await response.text()).replace("data: [DONE]\n\n", ""),
  ) as {
    choices: { delta: { content?: string }; finish_reason: string | null }[];
  }[];
  const text = chunks.map(({ choices: [{ delta }] }) => delta.content ?? "")
    .join("");
  const [{ finish_reason }] = chunks[chunks.length - 1].choices;
  if (finish_reason === "stop") JSON.parse(text);
  assertMatch(text, /^\{/);
});

Deno.test("a schema beside json_object is kept to, by both routes", async () => {
  await using server = await served();
  const schema = {
    type: "object",
    properties: { mood: { enum: ["good", "bad"] } },
    required: ["mood"],
    additionalProperties: false,
  };
  const format = { type: "json_object", schema };
  const chat = await (await server.post("/v1/chat/completions", {
    messages: MESSAGES,
    response_format: format,
  })).json();
  const response = await (await server.post("/v1/responses", {
    input: "Who?",
    text: { format },
  })).json();
  for (
    const text of [
      chat.choices[0].message.content,
      response.output[0].content[0].text,
    ]
  ) assertMatch(text, /^ *\{ ?"mood": ?"(good|bad)" ?\}$/);
});

Deno.test("POST /v1/responses answers in a schema", async () => {
  await using server = await served();
  const format = { type: "json_schema", name: "person", schema: SCHEMA };
  const response = await server.post("/v1/responses", {
    input: "Who?",
    text: { format: { ...format, strict: true } },
  });
  const { output, text } = await response.json();
  expectPerson(output[0].content[0].text);
  assertEquals(text.format.name, "person");
});

/** A string and numbers whose lengths nothing in it bounds. */
const OPEN_SCHEMA = {
  type: "object",
  properties: {
    s: { type: "string" },
    n: { type: "number" },
    great: { type: "integer", minimum: 100_000 },
  },
  required: ["s", "n", "great"],
  propertyOrdering: ["s", "n", "great"],
  additionalProperties: false,
};

/** What it is of an answer by a model that never ends a string or a number. */
async function openValues(
  server: Awaited<ReturnType<typeof served>>,
  fields: object,
): Promise<{ s: string; n: number; great: number }> {
  const schema = { name: "open", schema: OPEN_SCHEMA, strict: true };
  const response = await server.post("/v1/chat/completions", {
    messages: MESSAGES,
    temperature: 0,
    response_format: { type: "json_schema", json_schema: schema },
    ...fields,
  });
  const { choices, error } = await response.json();
  assertEquals(response.status, 200, JSON.stringify(error));
  const [{ message, finish_reason }] = choices;
  assertEquals(finish_reason, "stop", message.content);
  return JSON.parse(message.content);
}

Deno.test("strings and numbers end that no schema bounds", async () => {
  await using server = await served({ likely: "1" });
  const usual = await openValues(server, {});
  assertEquals(usual.s.length, 512);
  const long = await openValues(server, { max_tokens: 1200 });
  assertEquals(long.s.length, 600);
  const json_limits = { string: 5, digits: 2 };
  const short = await openValues(server, { json_limits });
  assert(short.great >= 100_000, "a schema's own bounds ask for more digits");
  assertEquals(short.s, "11111");
  assertMatch(String(short.n), /^-?\d{1,2}(\.\d{1,2})?(e|$)/);
  const called = await server.post("/v1/chat/completions", {
    messages: MESSAGES,
    temperature: 0,
    json_limits,
    tools: [{
      type: "function",
      function: { name: "f", parameters: OPEN_SCHEMA },
    }],
    tool_choice: "required",
  });
  const { choices: [{ message }] } = await called.json();
  assertEquals(
    JSON.parse(message.tool_calls[0].function.arguments).s,
    "11111",
  );
  const native = await server.post("/v1/generate", {
    prompt: "Who? ",
    temperature: 0,
    max_tokens: 1024,
    json_limits,
    grammar: {
      type: "json_schema",
      schema: { type: "string" },
      written: '"1111111',
    },
  });
  const { text, finish_reason } = await native.json();
  assertEquals([text.length < 5, finish_reason], [true, "stop"]);
});

Deno.test("lists end that no schema bounds", async () => {
  await using server = await served({ likely: "," });
  const one = { const: 1 };
  const list = { type: "array", items: one, minItems: 1 };
  const map = { type: "object", additionalProperties: one, minProperties: 1 };
  const known = ["a", "b", "c"];
  const cases: readonly (readonly [object, object, number])[] = [
    [list, {}, 128],
    [list, { max_tokens: 200 }, 32],
    [list, { json_limits: { items: 3 } }, 3],
    [{ ...list, minItems: 5 }, { json_limits: { items: 3 } }, 5],
    [{ ...list, maxItems: 150 }, {}, 150],
    [map, { json_limits: { items: 3, string: 3 } }, 3],
    [{ ...map, required: known }, { json_limits: { items: 2, string: 3 } }, 6],
  ];
  for (const [schema, fields, count] of cases) {
    const response = await server.post("/v1/generate", {
      prompt: "Who? ",
      temperature: 0,
      max_tokens: 1024,
      grammar: { type: "json_schema", schema },
      ...fields,
    });
    const { text, finish_reason, detail } = await response.json();
    assertEquals([schema, finish_reason, detail], [schema, "stop", undefined]);
    const found = JSON.parse(text);
    assertEquals([schema, fields, Object.keys(found).length], [
      schema,
      fields,
      count,
    ]);
  }
  const again = await server.post("/v1/generate", {
    prompt: "Who? ",
    temperature: 0,
    json_limits: { items: 2 },
    grammar: { type: "json_schema", schema: list, written: "[1,1,1,1" },
  });
  const { text, finish_reason } = await again.json();
  assertEquals(finish_reason, "stop");
  assertEquals(JSON.parse(`[1,1,1,1${text}`).length, 8);
});

Deno.test("the operator says how long strings and numbers are, a request otherwise", async () => {
  await using server = await served({
    likely: "1",
    json: { string: 4, digits: 1 },
  });
  const usual = await openValues(server, { max_tokens: 2000 });
  assertEquals(usual.s, "1111");
  assertMatch(String(usual.n), /^-?\d(\.\d)?(e|$)/);
  const asked = await openValues(server, { json_limits: { string: 6 } });
  assertEquals(asked.s, "111111");
  const refused = await server.post("/v1/responses", {
    input: "Who?",
    json_limits: { string: 0 },
  });
  const { error } = await refused.json();
  assertEquals([refused.status, error.param], [400, "json_limits.string"]);
});

Deno.test("POST /v1/generate goes on with a value that was cut anywhere", async () => {
  await using server = await served();
  const grammar = { type: "json_schema", schema: SCHEMA };
  const body = { state_codec: "exact", seed: 7, max_tokens: 400 };
  const whole = await (await server.post("/v1/generate", {
    ...body,
    prompt: "A person: ",
    grammar,
  })).json();
  expectPerson(whole.text);
  for (const cut of [1, 5, 9, 14, 20]) {
    const first = await (await server.post("/v1/generate", {
      ...body,
      prompt: "A person: ",
      grammar,
      max_tokens: cut,
    })).json();
    const second = await (await server.post("/v1/generate", {
      ...body,
      prompt: "",
      state: first.state,
      grammar: { ...grammar, written: first.text },
    })).json();
    assertEquals(first.text + second.text, whole.text);
  }
});

Deno.test("POST /v1/generate writes a regular expression or rules", async () => {
  await using server = await served();
  const pattern = "[0-9]{4}-[a-z]{3}";
  const rules = 'root ::= "yes" | "no"';
  for (
    const [grammar, found] of [
      [{ type: "regex", pattern }, /^[0-9]{4}-[a-z]{3}$/],
      [{ type: "ebnf", rules }, /^(yes|no)$/],
    ] as const
  ) {
    const body = { prompt: "Q", grammar };
    const answer = await (await server.post("/v1/generate", body)).json();
    assertMatch(answer.text, found);
    assertEquals(answer.finish_reason, "stop");
  }
});

Deno.test("routes refuse bad grammars by what is wrong, and stay alive", async () => {
  await using server = await served();
  const bad = { type: "json_schema", schema: { type: "nosuch" } };
  for (let i = 0; i < 3; i++) {
    const native = await server.post("/v1/generate", {
      prompt: "a",
      grammar: { type: "ebnf", rules: "root ::= nowhere" },
      stream: true,
    });
    assertEquals(native.status, 422);
    assertMatch((await native.json()).detail, /nowhere/);
    const openai = await server.post("/v1/chat/completions", {
      messages: MESSAGES,
      response_format: { type: bad.type, json_schema: { ...bad, name: "x" } },
    });
    assertEquals(openai.status, 400);
    assertMatch((await openai.json()).error.message, /JSON schema/);
  }
  const astray = await server.post("/v1/generate", {
    prompt: "",
    grammar: { type: "json", written: "[" },
  });
  assertEquals(astray.status, 422);
  const chat = await server.post("/v1/generate", {
    messages: MESSAGES,
    grammar: { type: "json", written: "{" },
  });
  assertEquals(chat.status, 422);
  const alive = await server.post("/v1/generate", {
    prompt: "a",
    max_tokens: 2,
  });
  assertEquals(alive.status, 200);
});

Deno.test("POST /v1/chat/completions calls a function that it has to", async () => {
  await using server = await served();
  const tool = (name: string) => ({
    type: "function",
    function: { name, parameters: SCHEMA },
  });
  for (
    const [choice, names] of [
      ["required", ["a", "b"]],
      [{ type: "function", function: { name: "b" } }, ["b"]],
    ] as const
  ) {
    const response = await server.post("/v1/chat/completions", {
      messages: MESSAGES,
      tools: [tool("a"), tool("b")],
      tool_choice: choice,
      seed: 5,
    });
    const { choices: [{ message, finish_reason }], state } = await response
      .json();
    assertEquals(finish_reason, "tool_calls");
    const [{ function: called }] = message.tool_calls;
    assert(names.some((name) => name === called.name), called.name);
    expectPerson(called.arguments);
    const save = await server.vault.open(state, {});
    assertEquals(save.unread, fakeTokenizer.encode("\n```\n\n"));
    assertEquals(save.chat.open, false);
  }
});
