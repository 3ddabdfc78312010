/**
 * Anthropic's own client.
 *
 * @module
 */

import Anthropic from "@anthropic-ai/sdk";
import { assert, assertEquals } from "@std/assert";
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

type Messages = Anthropic.MessageParam[];

function open(url: string): Anthropic {
  const baseURL = new URL(url).origin;
  return new Anthropic({ baseURL, apiKey: "unused", maxRetries: 0 });
}

const SETTINGS = { model: "gosling", max_tokens: 99, temperature: 0 } as const;

const TOOLS: Anthropic.Tool[] = [
  { name: "weather", description: "The weather", input_schema: CITY },
];

function said({ content }: Anthropic.Message): string {
  return content.flatMap((block) => block.type === "text" ? [block.text] : [])
    .join("");
}

/** The conversation with one more question and its answer. */
async function ask(
  { messages: api }: Anthropic,
  asked: string,
  before: Messages = [],
): Promise<{ text: string; messages: Messages }> {
  const messages: Messages = [...before, { role: "user", content: asked }];
  const answer = await api.create({ ...SETTINGS, messages });
  const { role, content } = answer;
  return { text: said(answer), messages: [...messages, { role, content }] };
}

/** See the module. */
export const anthropicSdk: Client = {
  name: "`@anthropic-ai/sdk`",
  packages: ["@anthropic-ai/sdk"],
  state: "the last block of `message.content`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const client = open(baseURL);
      const { data: [model] } = await client.models.list();
      assertEquals(model?.id, "gosling");
      let messages: Messages = [];
      for (const told of TOLD) {
        ({ messages } = await ask(client, told, messages));
      }
      const asked = { role: "user" as const, content: ASKED };
      const { input_tokens } = await client.messages.countTokens({
        model: "gosling",
        messages: [...messages, asked],
      });
      const answer = await client.messages.create({
        ...SETTINGS,
        messages: [...messages, asked],
      });
      expectName(said(answer), "Dave");
      const { usage } = answer;
      assertEquals(
        input_tokens,
        usage.input_tokens + (usage.cache_read_input_tokens ?? 0),
      );
    },
    "a stream gone on from": async ({ baseURL }) => {
      const client = open(baseURL);
      const told = { role: "user" as const, content: TOLD[0] };
      const stream = client.messages.stream({ ...SETTINGS, messages: [told] });
      let text = "";
      stream.on("text", (delta) => text += delta);
      const streamed = await stream.finalMessage();
      assertEquals(text, said(streamed));
      const { role, content } = streamed;
      const messages: Messages = [told, { role, content }];
      expectName((await ask(client, ASKED, messages)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const client = open(baseURL);
      const weather = new Weather();
      const asked: Messages = [{ role: "user", content: WEATHER }];
      const called = await client.messages.stream({
        ...SETTINGS,
        messages: asked,
        tools: TOOLS,
        tool_choice: { type: "any" },
      }).finalMessage();
      assertEquals(called.stop_reason, "tool_use");
      const results = called.content.flatMap((block) =>
        block.type === "tool_use"
          ? [{
            type: "tool_result" as const,
            tool_use_id: block.id,
            content: weather.look(block.input as { city: string }),
          }]
          : []
      );
      const answer = await client.messages.create({
        ...SETTINGS,
        tools: TOOLS,
        tool_choice: { type: "none" },
        messages: [
          ...asked,
          { role: "assistant", content: called.content },
          { role: "user", content: results },
        ],
      });
      assert(said(answer) !== "");
      weather.expectCalled();
    },
    "a fork": historyCases(open, ask)["a fork"],
  },
};
