/**
 * Ollama's own client: generations with their `context`, and chats.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Message, Ollama } from "ollama";
import {
  ASKED,
  CITY,
  type Client,
  expectName,
  historyCases,
  TOLD,
  WEATHER,
  Weather,
} from "./client.ts";

function open(baseURL: string): Ollama {
  return new Ollama({
    host: new URL(baseURL).origin,
    headers: { "gosling-state-in": "message" }, // state
  });
}

const SETTINGS = { model: "gosling", options: { temperature: 0 } };

const TOOLS = [{
  type: "function",
  function: { name: "weather", description: "The weather", parameters: CITY },
}];

/** The conversation with one more question and its answer. */
async function ask(
  client: Ollama,
  content: string,
  before: readonly Message[] = [],
): Promise<{ text: string; messages: Message[] }> {
  const messages = [...before, { role: "user", content }];
  const { message } = await client.chat({ ...SETTINGS, messages });
  return { text: message.content, messages: [...messages, message] };
}

/** See the module. */
export const ollamaJs: Client = {
  name: "`ollama`",
  packages: ["ollama"],
  state: "`context` of a generation; of a chat, its `message`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const client = open(baseURL);
      const { models } = await client.list();
      assertEquals(models[0]?.name, "gosling:latest");
      const { capabilities } = await client.show({ model: "gosling" });
      assert(capabilities.includes("tools"));
      let context: number[] | undefined;
      for (const prompt of TOLD) {
        const told = { ...SETTINGS, prompt, context };
        const stream = await client.generate({ ...told, stream: true });
        for await (const part of stream) ({ context } = part);
      }
      const asked = { ...SETTINGS, prompt: ASKED, context };
      expectName((await client.generate(asked)).response, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const client = open(baseURL);
      const told = { role: "user", content: TOLD[0] };
      const stream = await client.chat({
        ...SETTINGS,
        messages: [told],
        stream: true,
      });
      let message: Message | undefined;
      for await (const part of stream) {
        message = {
          ...part.message,
          content: (message?.content ?? "") + part.message.content,
        };
      }
      assert(message !== undefined && message.content !== "");
      expectName((await ask(client, ASKED, [told, message])).text, "Dave");
    },
    "a tool loop": async ({ scriptedURL }) => {
      const client = open(scriptedURL);
      const weather = new Weather();
      const asked = { role: "user", content: WEATHER };
      const model = "fake";
      const { message } = await client.chat({
        model,
        messages: [asked],
        tools: TOOLS,
      });
      const gave = (message.tool_calls ?? []).map(({ function: call }) => ({
        role: "tool",
        tool_name: call.name,
        content: weather.look(call.arguments as { city: string }),
      }));
      const answer = await client.chat({
        model,
        messages: [asked, message, ...gave],
        tools: TOOLS,
      });
      assertEquals(answer.message.content, "It rains.");
      weather.expectCalled();
    },
    "a fork": historyCases(open, ask)["a fork"],
  },
};
