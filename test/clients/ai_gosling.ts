/**
 * Vercel's AI SDK with a provider that keeps the state by itself, a sample.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { generateText, type LanguageModel, streamText } from "ai";
import { createGosling } from "../../examples/ai-sdk/gosling.js";
import { expectToolLoop, messageCases } from "./ai_cases.ts";
import { ASKED, type Client, expectName, TOLD } from "./client.ts";

const SETTINGS = { temperature: 0, maxRetries: 0 };

function open(baseURL: string): LanguageModel {
  return createGosling({ baseURL, apiKey: "unused" })() as LanguageModel;
}

const user = (content: string) => ({ role: "user" as const, content });

/** Asks after an answer, in which something may have been changed. */
async function askAfter(
  model: LanguageModel,
  change: (state: string) => string,
  told: string = TOLD[0],
) {
  const first = await generateText({
    ...SETTINGS,
    model,
    messages: [user(TOLD[0])],
  });
  const sent = JSON.stringify(first.response.messages)
    .replace(/(?<="state":")[^"]+/, change);
  const next = await generateText({
    ...SETTINGS,
    model,
    messages: [user(told), ...JSON.parse(sent), user(ASKED)],
  });
  return {
    text: next.text,
    cached: next.usage.inputTokenDetails.cacheReadTokens,
  };
}

/** See the module. */
export const aiGosling: Client = {
  name: "`ai` with [a provider for it](../examples/ai-sdk/gosling.js)",
  packages: ["ai", "@ai-sdk/openai-compatible"],
  state: "metadata of the last part of `response.messages`",
  module: import.meta.url,
  cases: {
    ...messageCases(open, SETTINGS),
    "a tool loop": async ({ baseURL }) => {
      await expectToolLoop(open(baseURL), SETTINGS);
    },
  },
};

/** What such a provider has to do besides, in front of the program. */
export async function expectWhole(baseURL: string): Promise<void> {
  const model = open(baseURL);
  const same = await askAfter(model, (state) => state);
  expectName(same.text, "Dave");
  assert((same.cached ?? 0) > 0);
  // What was told before is another thing, or the server cannot open the state.
  const edited = await askAfter(model, (state) => state, "My name is Ann.");
  const refused = await askAfter(
    model,
    (state) => `${state.slice(0, -22)}${"A".repeat(22)}`,
  );
  expectName(refused.text, "Dave");
  assertEquals([edited.cached, refused.cached].map((n) => n ?? 0), [0, 0]);
  const stop = new AbortController();
  const streamed = streamText({
    ...SETTINGS,
    model,
    messages: [user("Count to one hundred.")],
    abortSignal: stop.signal,
  });
  const types: string[] = [];
  for await (const { type } of streamed.stream) {
    types.push(type);
    if (type === "text-delta") stop.abort();
  }
  assertEquals([types.includes("abort"), types.includes("finish")], [
    true,
    false,
  ]);
}
