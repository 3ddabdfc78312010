/**
 * Vercel's AI SDK with its default provider, which speaks to responses and sends
 * items back by their ids.
 *
 * @module
 */

import { createOpenAI } from "@ai-sdk/openai";
import { assert } from "@std/assert";
import {
  generateText,
  type LanguageModel,
  type ModelMessage,
  streamText,
} from "ai";
import { expectToolLoop } from "./ai_tool_loop.ts";
import { ASKED, type Client, expectName, OTHER, TOLD } from "./client.ts";

function open(baseURL: string): LanguageModel {
  return createOpenAI({ baseURL, apiKey: "unused" })("gosling");
}

const SETTINGS = { temperature: 0, maxRetries: 0 } as const;

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
export const aiOpenAi: Client = {
  name: "`ai` with `@ai-sdk/openai`",
  packages: ["ai", "@ai-sdk/openai"],
  state: "ids of the items in `response.messages`",
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
      await expectToolLoop(open(baseURL), SETTINGS);
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
