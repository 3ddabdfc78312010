/**
 * Vercel's AI SDK with the community's provider for Ollama. It sends messages and a few
 * options, and nothing else.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  tool,
} from "ai";
import { createOllama } from "ollama-ai-provider-v2";
import { messageCases } from "./ai_cases.ts";
import { CITY, type Client, WEATHER, Weather } from "./client.ts";

function open(baseURL: string, model = "gosling"): LanguageModel {
  return createOllama({ baseURL: `${new URL(baseURL).origin}/api` })(model);
}

const SETTINGS = {
  maxRetries: 0,
  providerOptions: { ollama: { options: { temperature: 0 } } },
} as const;

/** See the module. */
export const aiOllama: Client = {
  name: "`ai` with `ollama-ai-provider-v2`",
  packages: ["ai", "ollama-ai-provider-v2"],
  state: "nowhere: its history is read again, unless the keeper is in front",
  module: import.meta.url,
  history: true,
  cases: {
    ...messageCases(open, SETTINGS),
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
  },
};
