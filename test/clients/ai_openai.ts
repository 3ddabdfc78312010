/**
 * Vercel's AI SDK with its default provider, which speaks to responses and sends
 * items back by their ids.
 *
 * @module
 */

import { createOpenAI } from "@ai-sdk/openai";
import type { LanguageModel } from "ai";
import { expectToolLoop, messageCases } from "./ai_cases.ts";
import type { Client } from "./client.ts";

function open(baseURL: string): LanguageModel {
  return createOpenAI({ baseURL, apiKey: "unused" })("gosling");
}

const SETTINGS = { temperature: 0, maxRetries: 0 } as const;

/** See the module. */
export const aiOpenAi: Client = {
  name: "`ai` with `@ai-sdk/openai`",
  packages: ["ai", "@ai-sdk/openai"],
  state: "ids of the items in `response.messages`",
  module: import.meta.url,
  cases: {
    ...messageCases(open, SETTINGS),
    "a tool loop": async ({ baseURL }) => {
      await expectToolLoop(open(baseURL), SETTINGS);
    },
  },
};
