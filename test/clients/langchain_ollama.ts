/**
 * LangChain's `ChatOllama`. It sends messages and a few settings, and nothing else.
 *
 * @module
 */

import {
  AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatOllama } from "@langchain/ollama";
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

function open(baseURL: string, model = "gosling"): ChatOllama {
  return new ChatOllama({
    model,
    baseUrl: new URL(baseURL).origin,
    temperature: 0,
    maxRetries: 0,
  });
}

const TOOL = {
  type: "function",
  function: { name: "weather", description: "The weather", parameters: CITY },
} as const;

async function ask(
  model: ChatOllama,
  content: string,
  before: readonly BaseMessage[] = [],
): Promise<{ text: string; messages: BaseMessage[] }> {
  const messages = [...before, new HumanMessage(content)];
  const answer = await model.invoke(messages);
  return { text: answer.text, messages: [...messages, answer] };
}

/** See the module. */
export const langchainOllama: Client = {
  name: "`@langchain/ollama`",
  packages: ["@langchain/ollama", "@langchain/core"],
  state: "nowhere: its history is read again, unless the keeper is in front",
  module: import.meta.url,
  history: true,
  cases: {
    ...historyCases(open, ask),
    "a stream gone on from": async ({ baseURL }) => {
      const model = open(baseURL);
      const told = new HumanMessage(TOLD[0]);
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await model.stream([told])) {
        whole = whole?.concat(chunk) ?? chunk;
      }
      assert(whole !== undefined);
      expectName((await ask(model, ASKED, [told, whole])).text, "Dave");
    },
    "a tool loop": async ({ scriptedURL }) => {
      const weather = new Weather();
      const model = open(scriptedURL, "fake").bindTools([TOOL]);
      const asked = new HumanMessage(WEATHER);
      const called = await model.invoke([asked]);
      const gave = (called.tool_calls ?? []).map(({ id = "", args }) =>
        new ToolMessage({
          content: weather.look(args as { city: string }),
          tool_call_id: id,
        })
      );
      const answer = await model.invoke([asked, called, ...gave]);
      assertEquals(answer.text, "It rains.");
      weather.expectCalled();
    },
  },
};
