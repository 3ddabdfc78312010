/**
 * LlamaIndex over chat completions.
 *
 * @module
 */

import { type OpenAI, openai } from "@llamaindex/openai";
import { assert } from "@std/assert";
import { tool } from "llamaindex";
import { z } from "zod/v3";
import {
  ASKED,
  CITIES,
  type Client,
  expectName,
  OTHER,
  TOLD,
  WEATHER,
  Weather,
} from "./client.ts";

/** A model that goes on from a state. */
function open(baseURL: string, more: object = {}): OpenAI {
  return openai({
    model: "gosling",
    apiKey: "unused",
    baseURL,
    temperature: 0,
    maxRetries: 0,
    additionalChatOptions: more,
  });
}

async function ask(baseURL: string, content: string, before?: string) {
  const llm = open(baseURL, { state: before }); // state
  const answer = await llm.chat({ messages: [{ role: "user", content }] });
  const { state } = answer.raw as { state?: string }; // state, whole
  return { text: String(answer.message.content), state };
}

/** See the module. */
export const llamaIndex: Client = {
  name: "`llamaindex` with `@llamaindex/openai`",
  packages: ["llamaindex", "@llamaindex/openai"],
  state: "`answer.raw.state`; of a stream, in its last chunk",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      let state: string | undefined;
      for (const told of TOLD) ({ state } = await ask(baseURL, told, state));
      expectName((await ask(baseURL, ASKED, state)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const stream = await open(baseURL).chat({
        messages: [{ role: "user", content: TOLD[0] }],
        stream: true,
      });
      let state: string | undefined;
      for await (const { raw } of stream) {
        state = Object(raw).state ?? state; // state, streamed
      }
      expectName((await ask(baseURL, ASKED, state)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const weather = new Weather();
      const tools = [tool({
        name: "weather",
        description: "The weather somewhere",
        parameters: z.object({ city: z.enum(CITIES) }),
        execute: weather.look,
      })];
      const asked = { role: "user" as const, content: WEATHER };
      const forced = open(baseURL, { tool_choice: "required" });
      const called = await forced.chat({ messages: [asked], tools });
      const { options = {} } = called.message;
      assert("toolCall" in options);
      const [{ id, input }] = options.toolCall;
      const result = weather.look(JSON.parse(String(input)));
      const { state } = called.raw as { state?: string };
      const { message } = await open(baseURL, { state }).chat({
        messages: [asked, called.message, {
          role: "user",
          content: result,
          options: { toolResult: { id, result, isError: false } },
        }],
        tools,
      });
      assert(message.content !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const trunk = await ask(baseURL, TOLD[0]);
      const branch = await ask(baseURL, OTHER, trunk.state);
      expectName((await ask(baseURL, ASKED, branch.state)).text, "Ann");
      expectName((await ask(baseURL, ASKED, trunk.state)).text, "Dave");
    },
  },
};
