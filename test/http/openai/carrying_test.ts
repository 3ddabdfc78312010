/**
 * Conversations of three turns and more by every way in which clients carry the
 * state: fields, ids, items, references to items, messages.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type OpenAI from "openai";
import { eventsOf, harness } from "../client.ts";
import { officialClient } from "./official_client.ts";

const RESPONSES = "/v1/responses";
const CHAT = "/v1/chat/completions";
const NOW = { type: "function", name: "now", parameters: { type: "object" } };
const CALL = ' ```json\n[{"name":"now","arguments":{}},' +
  '{"name":"now","arguments":{"a":1}}]\n```\n\n';

interface Item {
  readonly id: string;
  readonly type: string;
  readonly call_id?: string;
}

interface Response {
  readonly id: string;
  readonly output: readonly Item[];
  readonly usage: {
    readonly input_tokens_details: { readonly cached_tokens: number };
  };
}

/** Asks, whole or in a stream. */
async function ask(
  { post }: ReturnType<typeof harness>,
  stream: boolean,
  body: object,
): Promise<Response> {
  const answer = await post(RESPONSES, { ...body, stream });
  if (!stream) {
    const found = await answer.json();
    assertEquals(answer.status, 200, JSON.stringify(found));
    return found;
  }
  const events = eventsOf(await answer.text()) as {
    type: string;
    response: Response;
  }[];
  const last = events.at(-1);
  assertEquals(last?.type, "response.completed");
  assert(last !== undefined);
  return last.response;
}

/** What a client sends of an answer's items. */
const WAYS: Readonly<Record<string, (items: readonly Item[]) => object[]>> = {
  "whole items": (items) => [...items],
  "references to items": (items) =>
    items.map(({ id }) => ({ type: "item_reference", id })),
  "references without a type": (items) => items.map(({ id }) => ({ id })),
  "the last item": (items) => items.slice(-1),
  "reasoning items without ids": (items) =>
    items.map((item) => {
      if (item.type !== "reasoning") return item;
      const { id: _, ...rest } = item;
      return rest;
    }),
  "calls without ids, reasoning by reference": (items) =>
    items.map((item) => {
      const { id, ...rest } = item;
      return item.type === "reasoning" ? { type: "item_reference", id } : rest;
    }),
};

for (const stream of [false, true]) {
  const how = stream ? "in streams" : "whole";
  for (const [way, sent] of Object.entries(WAYS)) {
    Deno.test(`responses ${how} go on for three turns from ${way}`, async () => {
      const here = harness();
      const { engine } = here;
      let history: object[] = [];
      let cached = 0;
      for (const text of ["One", "Two", "Three"]) {
        history = [...history, { role: "user", content: text }];
        const { output, usage } = await ask(here, stream, { input: history });
        history = [...history, ...sent(output)];
        assertEquals(
          engine.turns.at(-1)?.prompt,
          `User: ${text}\n\nAssistant:`,
        );
        const now = usage.input_tokens_details.cached_tokens;
        if (text !== "One") assert(now > cached, `${now} of ${cached}`);
        cached = now;
      }
    });
  }

  Deno.test(`responses ${how} go on from the id of the last response, and fork`, async () => {
    const here = harness();
    const { engine } = here;
    const first = await ask(here, stream, { input: "One" });
    const second = await ask(here, stream, {
      input: "Two",
      previous_response_id: first.id,
    });
    await ask(here, stream, {
      input: "Three",
      previous_response_id: second.id,
    });
    await ask(here, stream, {
      input: "Other",
      previous_response_id: first.id,
    });
    assertEquals(
      engine.turns.map(({ prompt }) => `${prompt}`.split("\n")[0]),
      ["User: One", "User: Two", "User: Three", "User: Other"],
    );
    assertEquals(engine.turns[3].save, engine.turns[1].save);
  });

  Deno.test(`responses ${how} carry the state through a tool loop`, async () => {
    for (const sent of Object.values(WAYS)) {
      const replies = [CALL, " Noon.\n\n", " Bye.\n\n"];
      const here = harness({ reply: () => replies.shift() ?? "" });
      const { engine } = here;
      const asked = { tools: [NOW], instructions: "Be brief." };
      let history: object[] = [{ role: "user", content: "Time?" }];
      const { output } = await ask(here, stream, { ...asked, input: history });
      const calls = output.filter(({ type }) => type === "function_call");
      assertEquals(calls.length, 2);
      assertEquals(new Set(output.map(({ id }) => id)).size, output.length);
      history = [
        ...history,
        ...sent(output),
        ...calls.map(({ call_id }) => ({
          type: "function_call_output",
          call_id,
          output: "noon",
        })),
      ];
      const next = await ask(here, stream, { ...asked, input: history });
      assertEquals(
        engine.turns[1].prompt,
        "User: Function output:\nnoon\n\n".repeat(2) + "Assistant:",
      );
      await ask(here, stream, {
        ...asked,
        input: [...history, ...sent(next.output), {
          role: "user",
          content: "Bye",
        }],
      });
      assertEquals(engine.turns[2].prompt, "User: Bye\n\nAssistant:");
    }
  });
}

Deno.test("responses read what they are not told by a state: ids of other servers", async () => {
  const { post, engine } = harness();
  const response = await post(RESPONSES, {
    input: [
      { role: "user", content: "One" },
      {
        type: "reasoning",
        id: "rs_68af4030b08c8194a37c92ad",
        summary: [{ type: "summary_text", text: "Hm" }],
      },
      {
        type: "message",
        id: "msg_68af4030b08c8194a37c92ad",
        role: "assistant",
        content: [{ type: "output_text", text: "Yo", annotations: [] }],
      },
      { role: "user", content: "Two" },
    ],
  });
  assertEquals(response.status, 200);
  assertEquals(
    engine.turns[0].prompt,
    "User: One\n\nAssistant: <think>\nHm\n</think>\nYo\n\nUser: Two\n\nAssistant:",
  );
});

Deno.test("responses name a reference that leads nowhere", async () => {
  const { post, engine } = harness();
  const response = await post(RESPONSES, {
    input: [
      { type: "item_reference", id: `msg_${crypto.randomUUID()}` },
      { role: "user", content: "Two" },
    ],
  });
  const { error } = await response.json();
  assertEquals([response.status, error.param], [400, "input.0.id"]);
  assertMatch(error.message, /send the item itself/);
  assertEquals(engine.turns, []);
});

Deno.test("responses that are not to be stored have the state in one place", async () => {
  const here = harness();
  const { id, output } = await ask(here, false, { input: "Hi", store: false });
  const names = [id, ...output.map(({ id }) => id)];
  for (const name of names) assertMatch(name, /^[a-z]+_[\da-f-]{36}$/);
  assertEquals(
    (output.at(-1) as { encrypted_content?: string }).encrypted_content,
    "save..0",
  );
});

for (
  const [how, wish, headers] of [
    ["a field", { state_in: "answer" }, {}],
    ["a header", {}, { "gosling-state-in": "answer" }],
    ["not being stored", { store: false }, {}],
  ] as const
) {
  Deno.test(`the openai package's helper streams words as they come, where ${how} asks for it`, async () => {
    const { openai, engine } = officialClient();
    const asked = { model: "fake", input: "Hi", ...wish };
    const first = await openai.responses.stream(asked, { headers })
      .finalResponse();
    assertMatch(first.id, /^resp_[\da-f-]{36}$/);
    const again = openai.responses.stream({
      ...asked,
      input: [
        ...first.output as OpenAI.Responses.ResponseInput,
        { role: "user", content: "And?" },
      ],
    });
    await again.finalResponse();
    assertEquals(engine.turns[1].prompt, "User: And?\n\nAssistant:");
  });
}

Deno.test("the openai package's helper goes on from the id of a stream", async () => {
  const { openai, engine } = officialClient();
  const { stream } = openai.responses;
  const asked = { model: "fake" };
  const first = await stream.call(openai.responses, { ...asked, input: "Hi" })
    .finalResponse();
  assertEquals([first.id, first.output_text], ["resp_save..0", "Hello!"]);
  const second = stream.call(openai.responses, {
    ...asked,
    input: "And?",
    previous_response_id: first.id,
  });
  const seen = await Array.fromAsync(second, ({ type }) => type);
  assertEquals(seen.filter((type) => /created|completed/.test(type)), [
    "response.created",
    "response.completed",
  ]);
  assert(seen.includes("response.output_text.delta"));
  assertEquals((await second.finalResponse()).id, "resp_save..1");
  assertEquals(engine.turns[1].prompt, "User: And?\n\nAssistant:");
});

for (const name of ["response", "deletion", "input_items"]) {
  Deno.test(`the ${name} of a response is explained, however long its id`, async () => {
    const { get } = harness();
    const id = `resp_${"a".repeat(40_000)}..b`;
    const path = name === "input_items" ? `${id}/input_items` : id;
    const method = name === "deletion" ? "DELETE" : "GET";
    const response = await get(`${RESPONSES}/${path}`, { method });
    const { error } = await response.json();
    assertEquals([response.status, error.code], [404, "ERR_REQUEST_NOT_FOUND"]);
    assertMatch(error.message, /previous_response_id/);
    assert(error.message.length < 300);
  });
}

const HI = [{ role: "user", content: "One" }];

interface Message {
  readonly content: string | null;
  readonly state?: string;
  readonly tool_calls?: readonly { readonly id: string }[];
}

/** A chat's message, whole or as a client puts it together from a stream. */
async function chat(
  { post }: ReturnType<typeof harness>,
  stream: boolean,
  body: object,
  headers: HeadersInit = {},
): Promise<Message> {
  const answer = await post(CHAT, { ...body, stream }, { headers });
  const text = await answer.text();
  assertEquals(answer.status, 200, text);
  if (!stream) return JSON.parse(text).choices[0].message;
  const chunks = eventsOf(text.replace("data: [DONE]\n\n", "")) as {
    choices: readonly { delta: Message }[];
  }[];
  const deltas = chunks.flatMap(({ choices: [choice] }) => choice?.delta ?? []);
  return {
    ...Object.assign({}, ...deltas),
    content: deltas.map(({ content }) => content ?? "").join(""),
  };
}

for (const stream of [false, true]) {
  const how = stream ? "in streams" : "whole";
  Deno.test(`chat completions ${how} carry the state in messages where that is asked for`, async () => {
    const here = harness();
    const { engine } = here;
    const headers = { "gosling-state-in": "message" };
    let messages: object[] = [{ role: "system", content: "Be brief." }];
    for (const text of ["One", "Two", "Three"]) {
      messages = [...messages, { role: "user", content: text }];
      const message = await chat(here, stream, { messages }, headers);
      assertMatch(message.state ?? "", /^save/);
      messages = [...messages, { role: "assistant", ...message }];
    }
    // Some clients keep what they do not know in the parts of the content.
    messages = messages.map((message) => {
      const { state, content, ...rest } = message as Message;
      return state === undefined
        ? { content, ...rest }
        : { ...rest, content: [{ type: "text", text: content, state }] };
    });
    await chat(here, stream, { messages: [...messages, ...HI] });
    assertEquals(engine.turns.map(({ prompt }) => prompt), [
      "System: Be brief.\n\nUser: One\n\nAssistant:",
      "User: Two\n\nAssistant:",
      "User: Three\n\nAssistant:",
      "User: One\n\nAssistant:",
    ]);
  });

  Deno.test(`chat completions ${how} carry the state in ids of calls where that is asked for`, async () => {
    const replies = [CALL, " Noon.\n\n"];
    const here = harness({ reply: () => replies.shift() ?? "" });
    const asked = {
      tools: [{ type: "function", function: { name: "now" } }],
      state_in: "ids",
    };
    const { tool_calls = [] } = await chat(here, stream, {
      ...asked,
      messages: HI,
    });
    assertEquals(tool_calls.map(({ id }) => id), [
      "call_save..0",
      "call_1.save..0",
    ]);
    const messages = [
      ...HI,
      { role: "assistant", content: null, tool_calls },
      ...tool_calls.map(({ id }) => ({
        role: "tool",
        tool_call_id: id,
        content: "noon",
      })),
    ];
    await chat(here, stream, { ...asked, messages });
    assertEquals(
      here.engine.turns[1].prompt,
      "User: Function output:\nnoon\n\n".repeat(2) + "Assistant:",
    );
  });
}

Deno.test("chat completions put the state where the header says, or refuse it", async () => {
  const here = harness();
  const plain = await chat(here, false, { messages: HI });
  assertEquals("state" in plain, false);
  const headers = { "gosling-state-in": "nowhere" };
  const response = await here.post(CHAT, { messages: HI }, { headers });
  assertEquals(response.status, 400);
});

Deno.test("a stream has the state in the chunk of its end and in that of its usage", async () => {
  const { post } = harness();
  for (
    const [path, body] of [
      [CHAT, { messages: HI }],
      ["/v1/completions", { prompt: "Hi" }],
    ] as const
  ) {
    for (const n of [1, 2]) {
      const answer = await post(path, {
        ...body,
        n,
        stream: true,
        stream_options: { include_usage: true },
      });
      const chunks = eventsOf(
        (await answer.text()).replace("data: [DONE]\n\n", ""),
      ) as {
        choices: { finish_reason: string | null; state?: string }[];
        state?: string;
        usage: object | null;
      }[];
      const [usage] = chunks.filter(({ usage }) => usage !== null);
      const ends = chunks.filter(({ choices: [choice] }) =>
        choice?.finish_reason
      );
      assertEquals(ends.length, n);
      assertEquals(ends.at(-1)?.state, usage.state);
      assertMatch(usage.state ?? "", /^save/);
      if (n === 1) continue;
      const own = ends.map(({ choices: [choice] }) => choice.state);
      assertEquals(new Set(own).size, 2);
    }
  }
});

Deno.test("a state in a message is newer than that of the request", async () => {
  const here = harness();
  const { engine } = here;
  const ask = async (path: string, body: object) =>
    await (await here.post(path, body)).json();
  const { state: old } = await ask(CHAT, { messages: HI });
  const { state } = await ask(CHAT, { messages: HI, state: old });
  const answer = { role: "assistant", content: "x", state };
  const call = {
    role: "assistant",
    tool_calls: [{
      id: `call_${state}`,
      type: "function",
      function: { name: "now", arguments: "{}" },
    }],
  };
  const two = { role: "user", content: "Two" };
  await ask(CHAT, { messages: [...HI, answer, two], state: old });
  await ask(CHAT, { messages: [...HI, call, two], state: old });
  const carrier = { type: "reasoning", summary: [], encrypted_content: state };
  await ask(RESPONSES, { input: [...HI, carrier, two], state: old });
  await ask(RESPONSES, {
    input: [...HI, carrier, two],
    previous_response_id: `resp_${old}`,
  });
  for (const turn of engine.turns.slice(2)) {
    assertEquals(turn.prompt, "User: Two\n\nAssistant:");
    assertEquals(turn.save?.position, engine.turns[2].save?.position);
    assert((turn.save?.position ?? 0) > (engine.turns[1].save?.position ?? 0));
  }
});
