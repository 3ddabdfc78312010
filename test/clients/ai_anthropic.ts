/**
 * Vercel's AI SDK with the provider for Anthropic's API, which keeps the blocks of
 * answers in its messages.
 *
 * @module
 */

import { createAnthropic } from "@ai-sdk/anthropic";
import { assert } from "@std/assert";
import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  streamText,
  tool,
} from "ai";
import {
  ASKED,
  CITY,
  type Client,
  expectName,
  OTHER,
  TOLD,
  WEATHER,
  Weather,
} from "./client.ts";

function open(baseURL: string): LanguageModel {
  return createAnthropic({ baseURL, apiKey: "unused" })("gosling");
}

const SETTINGS = {
  temperature: 0,
  maxRetries: 0,
  maxOutputTokens: 99,
} as const;

/** The messages with one more question and its answer. */
async function ask(
  model: LanguageModel,
  content: string,
  before: readonly ModelMessage[] = [],
): Promise<{ text: string; messages: readonly ModelMessage[] }> {
  const messages: ModelMessage[] = [...before, { role: "user", content }];
  const { text, response } = await generateText({
    ...SETTINGS,
    model,
    messages,
  });
  return { text, messages: [...messages, ...response.messages] };
}

/** See the module. */
export const aiAnthropic: Client = {
  name: "`ai` with `@ai-sdk/anthropic`",
  packages: ["ai", "@ai-sdk/anthropic"],
  state: "the last part of `response.messages`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const model = open(baseURL);
      let messages: readonly ModelMessage[] = [];
      for (const told of TOLD) {
        ({ messages } = await ask(model, told, messages));
      }
      expectName((await ask(model, ASKED, messages)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const model = open(baseURL);
      const told: ModelMessage = { role: "user", content: TOLD[0] };
      const streamed = streamText({ ...SETTINGS, model, messages: [told] });
      assert(await streamed.text !== "");
      const { messages } = await streamed.response;
      expectName((await ask(model, ASKED, [told, ...messages])).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const weather = new Weather();
      const { text, steps } = await generateText({
        ...SETTINGS,
        model: open(baseURL),
        prompt: WEATHER,
        tools: {
          weather: tool({
            inputSchema: jsonSchema<{ city: string }>(CITY),
            execute: weather.look,
          }),
        },
        stopWhen: isStepCount(2),
        prepareStep: ({ stepNumber }) => ({
          toolChoice: stepNumber === 0 ? "required" : "none",
        }),
      });
      assert(text !== "" && steps.length === 2);
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const model = open(baseURL);
      const trunk = await ask(model, TOLD[0]);
      const branch = await ask(model, OTHER, trunk.messages);
      expectName((await ask(model, ASKED, branch.messages)).text, "Ann");
      expectName((await ask(model, ASKED, trunk.messages)).text, "Dave");
    },
  },
};
