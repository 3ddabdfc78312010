/**
 * LangChain's `ChatOpenAI` over chat completions.
 *
 * @module
 */

import {
  type AIMessageChunk,
  HumanMessage,
  ToolMessage,
} from "@langchain/core/messages";
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

/** A model that goes on from a state. */
function open(baseURL: string, state?: string): ChatOpenAI {
  return new ChatOpenAI({
    model: "gosling",
    temperature: 0,
    apiKey: "unused",
    maxRetries: 0,
    configuration: { baseURL },
    __includeRawResponse: true, // state
    modelKwargs: { state }, // state
  });
}

function stateOf({ additional_kwargs: kwargs }: AIMessageChunk): string {
  const { state } = kwargs.__raw_response as { state?: string }; // state
  assert(state !== undefined);
  return state;
}

const TOOL = {
  type: "function",
  function: { name: "weather", parameters: CITY },
} as const;

/** See the module. */
export const langchain: Client = {
  name: "`@langchain/openai`, chat completions",
  packages: ["@langchain/openai", "@langchain/core"],
  state: "`additional_kwargs.__raw_response.state` of the message",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      let state: string | undefined;
      for (const told of TOLD) {
        state = stateOf(await open(baseURL, state).invoke(told));
      }
      expectName((await open(baseURL, state).invoke(ASKED)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await open(baseURL).stream(TOLD[0])) {
        whole = whole?.concat(chunk) ?? chunk;
      }
      assert(whole !== undefined);
      const next = open(baseURL, stateOf(whole));
      expectName((await next.invoke(ASKED)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const weather = new Weather();
      const asked = new HumanMessage(WEATHER);
      const called = await open(baseURL)
        .bindTools([TOOL], { tool_choice: "required" }).invoke([asked]);
      const [call] = called.tool_calls ?? [];
      assert(call?.id !== undefined);
      const gave = new ToolMessage({
        content: weather.look(call.args as { city: string }),
        tool_call_id: call.id,
      });
      const answer = await open(baseURL, stateOf(called))
        .bindTools([TOOL]).invoke([asked, called, gave]);
      assert(answer.text !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const trunk = stateOf(await open(baseURL).invoke(TOLD[0]));
      const branch = stateOf(await open(baseURL, trunk).invoke(OTHER));
      expectName((await open(baseURL, branch).invoke(ASKED)).text, "Ann");
      expectName((await open(baseURL, trunk).invoke(ASKED)).text, "Dave");
    },
  },
};
