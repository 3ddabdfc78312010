/**
 * Vercel's AI SDK with the community's provider for Ollama. It sends messages and a few
 * options, and nothing else.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  streamText,
  tool,
} from "ai";
import { createOllama } from "ollama-ai-provider-v2";
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

function open(baseURL: string, model = "gosling"): LanguageModel {
  return createOllama({ baseURL: `${new URL(baseURL).origin}/api` })(model);
}

const SETTINGS = {
  maxRetries: 0,
  providerOptions: { ollama: { options: { temperature: 0 } } },
} as const;

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
export const aiOllama: Client = {
  name: "`ai` with `ollama-ai-provider-v2`",
  packages: ["ai", "ollama-ai-provider-v2"],
  state: "nowhere: its history is read again, unless the keeper is in front",
  module: import.meta.url,
  history: true,
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
    "a tool loop": async ({ scriptedURL }) => {
      const weather = new Weather();
      const { text, steps } = await generateText({
        ...SETTINGS,
        model: open(scriptedURL, "fake"),
        prompt: WEATHER,
        tools: {
          weather: tool({
            inputSchema: jsonSchema<{ city: string }>(CITY),
            execute: weather.look,
          }),
        },
        stopWhen: isStepCount(2),
      });
      assertEquals([text, steps.length], ["It rains.", 2]);
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
