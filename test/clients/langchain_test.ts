/**
 * LangChain's client, unmodified, in front of the program.
 *
 * @module
 */

import {
  type AIMessage,
  type AIMessageChunk,
  HumanMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatOpenAI, type ChatOpenAIFields } from "@langchain/openai";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { KEY, LOCKED, serve, type Server } from "./server.ts";

const PERSON = z.strictObject({
  name: z.string().max(8),
  mood: z.enum(["glad", "größer", "悲しい"]),
  ages: z.array(z.int().min(0).max(99)).max(2),
});

const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather somewhere",
    parameters: {
      type: "object",
      properties: { city: { enum: ["Bern", "Rome"] } },
      required: ["city"],
      additionalProperties: false,
    },
  },
} as const;

function chat(baseURL: string, more: ChatOpenAIFields = {}): ChatOpenAI {
  return new ChatOpenAI({
    model: "gosling",
    temperature: 0,
    apiKey: KEY,
    maxRetries: 0,
    configuration: { baseURL },
    __includeRawResponse: true,
    ...more,
  });
}

/** The state, in the answer as it came. */
function stateOf({ additional_kwargs }: AIMessage | AIMessageChunk): string {
  const { state } = additional_kwargs.__raw_response as { state?: string };
  assert(state !== undefined);
  return state;
}

let server: Server;

Deno.test.beforeAll(async () => {
  // One lane: a turn that nobody waits for any more would be in the way.
  server = await serve({ ...LOCKED, GOSLING_LANES: "1" });
});

Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());

Deno.test("langchain's invoke and stream say the same, with usage", async () => {
  const plain = await chat(server.baseURL).invoke("Hello!");
  assert(plain.text.length > 0);
  assertEquals(plain.response_metadata.finish_reason, "stop");
  let whole: AIMessageChunk | undefined;
  for await (const chunk of await chat(server.baseURL).stream("Hello!")) {
    whole = whole?.concat(chunk) ?? chunk;
  }
  assertEquals(whole?.text, plain.text);
  assertEquals(
    whole?.usage_metadata?.output_tokens,
    plain.usage_metadata?.output_tokens,
  );
});

Deno.test("langchain's modelKwargs carry the state from turn to turn", async () => {
  const told = await chat(server.baseURL).invoke("My name is Dave.");
  const modelKwargs = { state: stateOf(told) };
  const next = chat(server.baseURL, { modelKwargs });
  const answer = await next.invoke("What is my name?");
  assert(answer.text.includes("Dave"), answer.text);
  const { input_token_details } = answer.usage_metadata ?? {};
  assert((input_token_details?.cache_read ?? 0) > 0);
  assert(stateOf(answer) !== stateOf(told));
});

Deno.test("langchain's responses carry the state by previous_response_id", async () => {
  const responses = chat(server.baseURL, { useResponsesApi: true });
  const told = await responses.invoke("My name is Dave.");
  const answer = await responses.invoke("What is my name?", {
    previous_response_id: told.response_metadata.id as string,
  });
  assert(answer.text.includes("Dave"), answer.text);
});

Deno.test("langchain reads a whole conversation without a state", async () => {
  const answer = await chat(server.baseURL).invoke([
    ["human", "My name is Dave."],
    ["ai", "Nice to meet you, Dave."],
    ["human", "What is my name?"],
  ]);
  assert(answer.text.includes("Dave"), answer.text);
});

Deno.test("langchain's abort ends a stream, and the server goes on", async () => {
  const gone = new AbortController();
  const endless = chat(server.baseURL, {
    maxTokens: 60_000,
    modelKwargs: { logit_bias: { "0": -100, "11": -100 } },
  });
  await assertRejects(async () => {
    const stream = await endless.stream("Count.", { signal: gone.signal });
    for await (const { text } of stream) if (text !== "") gone.abort();
  }, /abort/i);
  const signal = AbortSignal.timeout(60_000);
  const after = await chat(server.baseURL).invoke("Hello!", { signal });
  assert(after.text.length > 0);
});

for (const method of ["jsonSchema", "functionCalling"] as const) {
  Deno.test(`langchain's withStructuredOutput is of its schema by ${method}`, async () => {
    const person = chat(server.baseURL).withStructuredOutput(PERSON, {
      method,
      name: "person",
      strict: true,
    });
    PERSON.parse(await person.invoke("Who are you?"));
  });
}

for (const useResponsesApi of [false, true]) {
  const route = useResponsesApi ? "responses" : "chat completions";
  Deno.test(`langchain calls a tool over ${route}, and reads what it gave`, async () => {
    const asked = new HumanMessage("Weather in Bern?");
    const forced = chat(server.baseURL, { useResponsesApi })
      .bindTools([WEATHER], { tool_choice: "weather" });
    const call = await forced.invoke([asked]);
    const [{ id, name, args }] = call.tool_calls ?? [];
    assertEquals(name, "weather");
    assert(["Bern", "Rome"].includes(args.city));
    let streamed: AIMessageChunk | undefined;
    for await (const chunk of await forced.stream([asked])) {
      streamed = streamed?.concat(chunk) ?? chunk;
    }
    assertEquals(streamed?.tool_calls?.[0]?.args, args);
    const gave = new ToolMessage({ content: "rain", tool_call_id: id ?? "" });
    // Over responses the client leaves out what the last one has read.
    const answer = useResponsesApi
      ? await chat(server.baseURL, { useResponsesApi }).invoke([gave], {
        previous_response_id: call.response_metadata.id as string,
      })
      : await chat(server.baseURL, { modelKwargs: { state: stateOf(call) } })
        .invoke([asked, call, gave]);
    assert(answer.text.length > 0);
    const { input_token_details, input_tokens = 0 } = answer.usage_metadata ??
      {};
    assert(input_tokens - (input_token_details?.cache_read ?? 0) < 20);
  });
}

Deno.test("langchain asks for logprobs", async () => {
  const scored = chat(server.baseURL, { logprobs: true, topLogprobs: 2 });
  const { response_metadata } = await scored.invoke("Hello!");
  const { content } = response_metadata.logprobs as {
    content: { logprob: number; top_logprobs: unknown[] }[];
  };
  assert(content.length > 0);
  assert(
    content.every((token) =>
      token.logprob <= 0 && token.top_logprobs.length === 2
    ),
  );
});

Deno.test("langchain tells the server's errors apart", async () => {
  for (
    const [more, status, code] of [
      [{ apiKey: "wrong" }, 401, "invalid_api_key"],
      [{ apiKey: KEY, topP: 9 }, 400, "ERR_REQUEST_INVALID"],
      [
        { apiKey: KEY, modelKwargs: { state: "nonsense" } },
        400,
        "ERR_STATE_UNREADABLE",
      ],
      [{ apiKey: KEY, model: "gpt-4o" }, 404, "model_not_found"],
    ] as const
  ) {
    await assertRejects(
      () => chat(server.baseURL, more).invoke("Hello!"),
      { status, code },
    );
  }
});
