/**
 * Vercel's AI SDK, unmodified, in front of the program.
 *
 * @module
 */

import {
  createOpenAICompatible,
  type MetadataExtractor,
} from "@ai-sdk/openai-compatible";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  APICallError,
  generateText,
  jsonSchema,
  Output,
  streamText,
  tool,
} from "ai";
import { KEY, LOCKED, serve, type Server } from "./server.ts";

const WEATHER = tool({
  description: "The weather somewhere",
  inputSchema: jsonSchema<{ city: string }>({
    type: "object",
    properties: { city: { enum: ["Bern", "Rome"] } },
    required: ["city"],
    additionalProperties: false,
  }),
});

/** The state in `providerMetadata`, where the SDK leaves room for it. */
const keepState: MetadataExtractor = {
  extractMetadata: ({ parsedBody }) => Promise.resolve(kept(parsedBody)),
  createStreamExtractor() {
    let last: ReturnType<typeof kept>;
    return {
      processChunk(chunk: unknown): void {
        last = kept(chunk) ?? last;
      },
      buildMetadata: () => last,
    };
  },
};

function kept(body: unknown): { gosling: { state: string } } | undefined {
  const { state } = body as { state?: string };
  return state === undefined ? undefined : { gosling: { state } };
}

function model(baseURL: string, apiKey = KEY, id = "gosling") {
  return createOpenAICompatible({
    name: "gosling",
    baseURL,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
    metadataExtractor: keepState,
  })(id);
}

const GREEDY = { temperature: 0, maxRetries: 0 } as const;

let server: Server;

Deno.test.beforeAll(async () => {
  // One lane: a turn that nobody waits for any more would be in the way.
  server = await serve({ ...LOCKED, GOSLING_LANES: "1" });
});

Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());

Deno.test("ai's generateText and streamText say the same, with usage", async () => {
  const asked = { ...GREEDY, model: model(server.baseURL), prompt: "Hello!" };
  const plain = await generateText(asked);
  assert(plain.text.length > 0);
  assertEquals(plain.finishReason, "stop");
  assert((plain.usage.inputTokens ?? 0) > 0);
  const streamed = streamText(asked);
  let text = "";
  for await (const piece of streamed.textStream) text += piece;
  assertEquals(text, plain.text);
  assertEquals(
    (await streamed.usage).outputTokens,
    plain.usage.outputTokens,
  );
  assertEquals(await streamed.finishReason, "stop");
});

Deno.test("ai's providerOptions carry the state from turn to turn", async () => {
  const asked = { ...GREEDY, model: model(server.baseURL) };
  const told = await generateText({ ...asked, prompt: "My name is Dave." });
  const state = told.providerMetadata?.gosling?.state;
  assert(typeof state === "string");
  const next = {
    ...asked,
    prompt: "What is my name?",
    providerOptions: { gosling: { state } },
  };
  const plain = await generateText(next);
  assert(plain.text.includes("Dave"), plain.text);
  assert((plain.usage.inputTokenDetails.cacheReadTokens ?? 0) > 0);
  const streamed = streamText(next);
  assertEquals(await streamed.text, plain.text);
  const metadata = await streamed.providerMetadata;
  assert(typeof metadata?.gosling?.state === "string");
});

Deno.test("ai reads a whole conversation without a state", async () => {
  const { text } = await generateText({
    ...GREEDY,
    model: model(server.baseURL),
    messages: [
      { role: "user", content: "My name is Dave." },
      { role: "assistant", content: "Nice to meet you, Dave." },
      { role: "user", content: "What is my name?" },
    ],
  });
  assert(text.includes("Dave"), text);
});

Deno.test("ai's abort ends a stream, and the server goes on", async () => {
  const gone = new AbortController();
  const endless = streamText({
    ...GREEDY,
    model: model(server.baseURL),
    prompt: "Count.",
    maxOutputTokens: 60_000,
    providerOptions: { gosling: { logit_bias: { "0": -100, "11": -100 } } },
    abortSignal: gone.signal,
    onError: () => {},
  });
  const seen: string[] = [];
  for await (const { type } of endless.stream) {
    seen.push(type);
    if (type === "text-delta") gone.abort();
  }
  assert(seen.includes("text-delta") && seen.includes("abort"), seen.join());
  const after = await generateText({
    ...GREEDY,
    model: model(server.baseURL),
    prompt: "Hello!",
    abortSignal: AbortSignal.timeout(60_000),
  });
  assert(after.text.length > 0);
});

Deno.test("ai's Output.object and Output.array are of their schemas", async () => {
  const schema = jsonSchema<{ name: string; mood: string; ages: number[] }>({
    type: "object",
    properties: {
      name: { type: "string", maxLength: 8 },
      mood: { enum: ["glad", "größer", "悲しい"] },
      ages: {
        type: "array",
        items: { type: "integer", minimum: 0, maximum: 99 },
        maxItems: 2,
      },
    },
    required: ["name", "mood", "ages"],
    additionalProperties: false,
  });
  const asked = {
    ...GREEDY,
    model: model(server.baseURL),
    prompt: "Who are you?",
    output: Output.object({ schema }),
  };
  const { output } = await generateText(asked);
  assert([...output.name].length <= 8, output.name);
  assert(output.ages.length <= 2);
  assert(["glad", "größer", "悲しい"].includes(output.mood));
  const streamed = streamText(asked);
  const parts = await Array.fromAsync(streamed.partialOutputStream);
  assertEquals(parts.at(-1), output);
});

Deno.test("ai calls a tool, and reads what it gave with the state alone", async () => {
  const asked = {
    ...GREEDY,
    model: model(server.baseURL),
    messages: [{ role: "user" as const, content: "Weather in Bern?" }],
    tools: { weather: WEATHER },
    toolChoice: "required" as const,
  };
  const first = await generateText(asked);
  const [call] = first.toolCalls;
  assertEquals(first.finishReason, "tool-calls");
  assertEquals(call?.toolName, "weather");
  const streamed = await streamText(asked).toolCalls;
  assertEquals(streamed[0]?.input, call?.input);
  const state = first.providerMetadata?.gosling?.state;
  assert(typeof state === "string" && call !== undefined);
  const second = await generateText({
    ...asked,
    toolChoice: "none",
    messages: [
      ...asked.messages,
      ...first.response.messages,
      {
        role: "tool",
        content: [{
          type: "tool-result",
          toolCallId: call.toolCallId,
          toolName: call.toolName,
          output: { type: "text", value: "rain" },
        }],
      },
    ],
    providerOptions: { gosling: { state } },
  });
  assertEquals(second.finishReason, "stop");
  assert((second.usage.inputTokenDetails.cacheReadTokens ?? 0) > 20);
  assert((second.usage.inputTokenDetails.noCacheTokens ?? 99) < 20);
});

Deno.test("ai's providerOptions ask for logprobs", async () => {
  const { response } = await generateText({
    ...GREEDY,
    model: model(server.baseURL),
    prompt: "Hello!",
    providerOptions: { gosling: { logprobs: true, top_logprobs: 2 } },
    include: { responseBody: true },
  });
  const { choices: [{ logprobs }] } = response.body as {
    choices: { logprobs: { content: { top_logprobs: unknown[] }[] } }[];
  };
  assert(logprobs.content.length > 0);
  assert(logprobs.content.every((token) => token.top_logprobs.length === 2));
});

Deno.test("ai tells the server's errors apart", async () => {
  for (
    const [key, more, status, code] of [
      ["wrong", {}, 401, "invalid_api_key"],
      [KEY, { topP: 9 }, 400, "ERR_REQUEST_INVALID"],
      [
        KEY,
        { providerOptions: { gosling: { state: "nonsense" } } },
        400,
        "ERR_STATE_UNREADABLE",
      ],
      [KEY, { id: "gpt-4o" }, 404, "model_not_found"],
    ] as const
  ) {
    const { id, ...rest } = { id: "gosling", ...more };
    await assertRejects(
      () =>
        generateText({
          ...GREEDY,
          model: model(server.baseURL, key, id),
          prompt: "Hello!",
          ...rest,
        }),
      (error: unknown) => {
        assert(APICallError.isInstance(error));
        const { error: said } = JSON.parse(error.responseBody ?? "");
        assertEquals(
          [error.statusCode, said.code, error.isRetryable],
          [status, code, false],
        );
        return true;
      },
    );
  }
});
