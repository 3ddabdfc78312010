/**
 * Vercel's AI SDK with the provider for Anthropic's API, which keeps the blocks of
 * answers in its messages.
 *
 * @module
 */

import { createAnthropic } from "@ai-sdk/anthropic";
import type { LanguageModel } from "ai";
import { expectToolLoop, messageCases } from "./ai_cases.ts";
import type { Client } from "./client.ts";

function open(baseURL: string): LanguageModel {
  return createAnthropic({ baseURL, apiKey: "unused" })("gosling");
}

const SETTINGS = {
  temperature: 0,
  maxRetries: 0,
  maxOutputTokens: 99,
} as const;

/** See the module. */
export const aiAnthropic: Client = {
  name: "`ai` with `@ai-sdk/anthropic`",
  packages: ["ai", "@ai-sdk/anthropic"],
  state: "the last part of `response.messages`",
  module: import.meta.url,
  cases: {
    ...messageCases(open, SETTINGS),
    "a tool loop": async ({ baseURL }) => {
      await expectToolLoop(open(baseURL), SETTINGS);
    },
  },
};
