/**
 * OpenAI's own client with the whole of its history in every request, and the keeper
 * in front of the server.
 *
 * @module
 */

import OpenAI from "openai";
import { assert, assertEquals } from "@std/assert";
import {
  ASKED,
  CITY,
  type Client,
  expectName,
  historyCases,
  WEATHER,
  Weather,
} from "./client.ts";
import { serveKeeper, type Server } from "./server.ts";

type Messages = OpenAI.ChatCompletionMessageParam[];

/** A keeper for each server. */
const keepers = new Map<string, Promise<Server>>();

async function open(behind: string): Promise<OpenAI> {
  const keeper = keepers.get(behind) ?? serveKeeper(behind);
  keepers.set(behind, keeper);
  const { baseURL } = await keeper;
  return new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
}

const SETTINGS = { model: "gosling", temperature: 0 } as const;

/** The conversation with one more question and its answer. */
async function ask(
  { chat }: OpenAI,
  content: string,
  before: Messages = [],
): Promise<{ text: string; messages: Messages }> {
  const messages: Messages = [...before, { role: "user", content }];
  const answer = await chat.completions.create({ ...SETTINGS, messages });
  const message = answer.choices[0]?.message;
  assert(message !== undefined && !("state" in answer));
  return { text: message.content ?? "", messages: [...messages, message] };
}

/** See the module. */
export const openAiKept: Client = {
  name: "`openai`, chat completions, through `deno task keep`",
  packages: ["openai"],
  state: "in the keeper's folder",
  module: import.meta.url,
  async close(): Promise<void> {
    for (const keeper of keepers.values()) {
      await (await keeper)[Symbol.asyncDispose]();
    }
  },
  cases: {
    ...historyCases(open, ask),
    "a stream gone on from": async ({ baseURL }) => {
      const openai = await open(baseURL);
      // Not what another case has told: that would be known.
      const told = { role: "user" as const, content: "Hello! I am Dave." };
      const stream = await openai.chat.completions.create({
        ...SETTINGS,
        messages: [told],
        stream: true,
        stream_options: { include_usage: true },
      });
      let content = "";
      for await (const { choices } of stream) {
        content += choices[0]?.delta.content ?? "";
      }
      const said = { role: "assistant" as const, content };
      expectName((await ask(openai, ASKED, [told, said])).text, "Dave");
    },
    "a tool loop": async ({ scriptedURL }) => {
      const weather = new Weather();
      const openai = await open(scriptedURL);
      const runner = openai.chat.completions.runTools({
        model: "fake",
        messages: [{ role: "user", content: WEATHER }],
        tools: [{
          type: "function",
          function: {
            name: "weather",
            description: "The weather somewhere",
            parameters: CITY,
            parse: JSON.parse,
            function: weather.look,
          },
        }],
      });
      assertEquals(await runner.finalContent(), "It rains.");
      weather.expectCalled();
    },
  },
};
