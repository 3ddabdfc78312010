import { assert, assertEquals } from "@std/assert";
import { eventsOf, harness } from "../client.ts";
import { officialClient } from "./official_client.ts";

const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "array" } },
};
const GIVEN = '{"city": "B\\"e}rn", "days": [{"a": "]"}, 2]}';
const REPLY = `{ "name": "weather", "arguments": ${GIVEN}}`;
const MESSAGES = [{ role: "user" as const, content: "Weather?" }];
const WEATHER = { name: "weather", parameters: PARAMETERS };
const CHAT = {
  model: "fake",
  messages: MESSAGES,
  tools: [{ type: "function" as const, function: WEATHER }],
  tool_choice: "required" as const,
};
const RESPONSE = {
  model: "fake",
  input: "Weather?",
  tools: [{ type: "function" as const, strict: null, ...WEATHER }],
  tool_choice: "required" as const,
};
const MESSAGE = {
  model: "fake",
  messages: MESSAGES,
  tools: [{ name: "weather", input_schema: PARAMETERS }],
  tool_choice: { type: "any" },
};

/** Tokens, a byte each, that an answer has when it is cut in its arguments. */
const CUT = REPLY.indexOf("e}rn");
const PART = '{"city": "B\\"';

Deno.test("a forced call of a chat is told in pieces while it is written", async () => {
  const { openai } = officialClient({ reply: () => REPLY });
  const stream = openai.chat.completions.stream(CHAT);
  const pieces: string[] = [];
  stream.on("tool_calls.function.arguments.delta", (event) => {
    pieces.push(event.arguments_delta);
  });
  const { choices: [{ message, finish_reason }] } = await stream
    .finalChatCompletion();
  assertEquals(finish_reason, "tool_calls");
  const [call] = message.tool_calls ?? [];
  if (call?.type !== "function") throw new TypeError("No function was called");
  assertEquals([call.function.name, call.function.arguments], [
    "weather",
    GIVEN,
  ]);
  assertEquals(pieces.join(""), GIVEN);
  assert(pieces.length > 10, String(pieces.length));
  const whole = await openai.chat.completions.create(CHAT);
  const [same] = whole.choices[0].message.tool_calls ?? [];
  assertEquals("function" in same && same.function.arguments, GIVEN);
});

Deno.test("a forced call of a response is told in pieces while it is written", async () => {
  const { openai } = officialClient({ reply: () => REPLY });
  const stream = openai.responses.stream(RESPONSE);
  const types: string[] = [];
  let told = "";
  for await (const event of stream) {
    if (types.at(-1) !== event.type) types.push(event.type);
    if (event.type === "response.function_call_arguments.delta") {
      told += event.delta;
    }
  }
  assertEquals(told, GIVEN);
  assertEquals(types.slice(0, 8), [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "response.output_item.added",
    "response.output_item.done",
  ]);
  const { output: [call] } = await stream.finalResponse();
  if (call.type !== "function_call") throw new TypeError("No function_call");
  assertEquals([call.name, call.arguments], ["weather", GIVEN]);
});

Deno.test("a forced call of a message is told in pieces while it is written", async () => {
  const { post } = harness({ reply: () => REPLY });
  const body = { ...MESSAGE, max_tokens: 300, stream: true };
  const text = await (await post("/v1/messages", body)).text();
  const events = eventsOf(text.replaceAll(/^event: .*\n/gm, "")) as {
    type: string;
    content_block?: { type: string; name?: string };
    delta?: { partial_json?: string; stop_reason?: string };
  }[];
  const [begun] = events.filter(({ type }) => type === "content_block_start");
  assertEquals(begun.content_block?.type, "tool_use");
  const pieces = events.flatMap(({ delta }) => delta?.partial_json ?? []);
  assertEquals([pieces.join(""), pieces.length > 10], [GIVEN, true]);
  const starts = events.filter(({ type }) => type === "content_block_start");
  const stops = events.filter(({ type }) => type === "content_block_stop");
  assertEquals(starts.length, stops.length);
  assertEquals(events.at(-2)?.delta?.stop_reason, "tool_use");
});

Deno.test("a forced call that max_tokens cuts is a partial call in every dialect", async () => {
  const { post } = harness({ reply: () => REPLY });
  const answer = async (path: string, body: object) =>
    await (await post(path, body)).json();
  const chat = await answer("/v1/chat/completions", {
    ...CHAT,
    max_tokens: CUT,
  });
  const [{ message, finish_reason }] = chat.choices;
  assertEquals([finish_reason, message.content], ["length", null]);
  assertEquals(message.tool_calls[0].function, {
    name: "weather",
    arguments: PART,
  });
  const response = await answer("/v1/responses", {
    ...RESPONSE,
    max_output_tokens: CUT,
  });
  const [item] = response.output;
  assertEquals(
    [response.status, item.type, item.status, item.arguments],
    ["incomplete", "function_call", "incomplete", PART],
  );
  const { content: [block], stop_reason } = await answer("/v1/messages", {
    ...MESSAGE,
    max_tokens: CUT,
  });
  assertEquals([stop_reason, block.type, block.input, block.partial_json], [
    "max_tokens",
    "tool_use",
    {},
    PART,
  ]);
  const streamed = await (await post("/v1/chat/completions", {
    ...CHAT,
    max_tokens: CUT,
    stream: true,
  })).text();
  const chunks = eventsOf(streamed.replace("data: [DONE]\n\n", "")) as {
    choices: {
      delta: { tool_calls?: { function: { arguments: string } }[] };
      finish_reason: string | null;
    }[];
  }[];
  const told = chunks.flatMap(({ choices: [{ delta }] }) =>
    delta.tool_calls?.map((call) => call.function.arguments) ?? []
  );
  assertEquals(told.join(""), PART);
  assertEquals(chunks.at(-1)?.choices[0].finish_reason, "length");
});

Deno.test("a forced call that is cut before its arguments has the only name it can have", async () => {
  const { post } = harness({ reply: () => REPLY });
  const message = async (body: object, max_tokens: number) => {
    const answer = await post("/v1/chat/completions", { ...body, max_tokens });
    const { choices: [{ message, finish_reason }] } = await answer.json();
    assertEquals(finish_reason, "length");
    return message;
  };
  const tool = (name: string) => ({
    type: "function",
    function: { name, parameters: PARAMETERS },
  });
  const tools = ["weather", "wealth", "wind"].map(tool);
  const weather = { name: "weather", arguments: "" };
  const inName = REPLY.indexOf("ther"), behind = REPLY.indexOf('", "arg') + 3;
  const alone = await message(CHAT, 8);
  assertEquals([alone.content, alone.tool_calls[0].function], [null, weather]);
  for (const cut of [inName + 1, behind]) {
    const { content, tool_calls } = await message({ ...CHAT, tools }, cut);
    assertEquals([content, tool_calls[0].function], [null, weather]);
  }
  // Of several names none is guessed, and the beginning of JSON is no text.
  for (const cut of [1, 8, inName]) {
    const { content, tool_calls } = await message({ ...CHAT, tools }, cut);
    assertEquals([content, tool_calls], ["", undefined]);
  }
  // No token, no call.
  assertEquals((await message(CHAT, 0)).tool_calls, undefined);
});

Deno.test("a forced call whose id is to carry the state is told at its end", async () => {
  const { post } = harness({ reply: () => REPLY });
  const body = { ...CHAT, stream: true, state_in: "ids" };
  const text = await (await post("/v1/chat/completions", body)).text();
  const calls = (eventsOf(text.replace("data: [DONE]\n\n", "")) as {
    choices: { delta: { tool_calls?: { id: string }[] } }[];
  }[]).flatMap(({ choices: [{ delta }] }) => delta.tool_calls ?? []);
  assertEquals(calls.length, 1);
  assert(calls[0].id.startsWith("call_save"), calls[0].id);
});
