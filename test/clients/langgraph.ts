/**
 * LangGraph with a checkpointer, over responses: its checkpoints keep the items,
 * and so the state, of every thread.
 *
 * @module
 */

import { HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import {
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { ChatOpenAI } from "@langchain/openai";
import { assert } from "@std/assert";
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

function open(baseURL: string): ChatOpenAI {
  return new ChatOpenAI({
    model: "gosling",
    temperature: 0,
    apiKey: "unused",
    maxRetries: 0,
    configuration: { baseURL },
    useResponsesApi: true,
  });
}

function chatOf(baseURL: string) {
  const model = open(baseURL);
  return new StateGraph(MessagesAnnotation)
    .addNode("model", async ({ messages }) => ({
      messages: [await model.invoke(messages)],
    }))
    .addEdge(START, "model")
    .compile({ checkpointer: new MemorySaver() });
}

const say = (text: string) => ({ messages: [new HumanMessage(text)] });
const thread = { configurable: { thread_id: "one" } };

/** See the module. */
export const langgraph: Client = {
  name: "`@langchain/langgraph` with a checkpointer, responses",
  packages: ["@langchain/langgraph", "@langchain/openai"],
  state: "items in the messages of the checkpoint",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const chat = chatOf(baseURL);
      for (const told of TOLD) await chat.invoke(say(told), thread);
      const { messages } = await chat.invoke(say(ASKED), thread);
      expectName(messages.at(-1)?.text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const chat = chatOf(baseURL);
      let pieces = 0;
      const streamMode = "messages" as const;
      for await (
        const _ of await chat.stream(say(TOLD[0]), { ...thread, streamMode })
      ) pieces++;
      assert(pieces > 1);
      const { messages } = await chat.invoke(say(ASKED), thread);
      expectName(messages.at(-1)?.text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const weather = new Weather();
      const look = tool(weather.look, { name: "weather", schema: CITY });
      const free = open(baseURL).bindTools([look]);
      const forced = open(baseURL)
        .bindTools([look], { tool_choice: look.name });
      const graph = new StateGraph(MessagesAnnotation)
        .addNode("model", async ({ messages }) => ({
          messages: [
            await (messages.length === 1 ? forced : free).invoke(messages),
          ],
        }))
        .addNode("tools", new ToolNode([look]))
        .addEdge(START, "model")
        .addConditionalEdges("model", toolsCondition)
        .addEdge("tools", "model")
        .compile({ checkpointer: new MemorySaver() });
      const { messages } = await graph.invoke(say(WEATHER), thread);
      assert(messages.length === 4 && messages[3]?.text !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const chat = chatOf(baseURL);
      await chat.invoke(say(TOLD[0]), thread);
      const trunk = (await chat.getState(thread)).config;
      await chat.invoke(say(OTHER), thread);
      const other = await chat.invoke(say(ASKED), thread);
      expectName(other.messages.at(-1)?.text, "Ann");
      const same = await chat.invoke(say(ASKED), trunk);
      expectName(same.messages.at(-1)?.text, "Dave");
    },
  },
};
