/**
 * Hugging Face's inference client.
 *
 * @module
 */

import { InferenceClient } from "@huggingface/inference";
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

type Output = Awaited<ReturnType<InferenceClient["chatCompletion"]>>;

function open(endpointUrl: string): InferenceClient {
  return new InferenceClient("unused", { endpointUrl });
}

/** The fields of a turn that goes on from an answer, or from a chunk. */
function turn(content: string, before?: object) {
  return {
    model: "gosling",
    temperature: 0,
    messages: [{ role: "user", content }],
    ...(before && "state" in before && { state: before.state }), // state
  };
}

function textOf({ choices }: Output): string | undefined {
  return choices[0]?.message.content;
}

/** See the module. */
export const huggingFace: Client = {
  name: "`@huggingface/inference`",
  packages: ["@huggingface/inference"],
  state: "`answer.state`; of a stream, the last chunk's",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const client = open(baseURL);
      let answer: Output | undefined;
      for (const told of TOLD) {
        answer = await client.chatCompletion(turn(told, answer));
      }
      answer = await client.chatCompletion(turn(ASKED, answer));
      expectName(textOf(answer), "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const client = open(baseURL);
      let last: object | undefined;
      for await (
        const chunk of client.chatCompletionStream(turn(TOLD[0]))
      ) {
        if ("state" in chunk) last = chunk; // state, streamed
      }
      const answer = await client.chatCompletion(turn(ASKED, last));
      expectName(textOf(answer), "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const client = open(baseURL);
      const weather = new Weather();
      const tools = [{
        type: "function" as const,
        function: { name: "weather", parameters: CITY },
      }];
      const asked = turn(WEATHER);
      const called = await client.chatCompletion({
        ...asked,
        tools,
        tool_choice: "required",
      });
      const message = called.choices[0]?.message;
      const call = message?.tool_calls?.[0];
      assert(message !== undefined && call !== undefined);
      const answer = await client.chatCompletion({
        ...turn("", called),
        tools,
        messages: [...asked.messages, message, {
          role: "tool",
          tool_call_id: call.id,
          content: weather.look(JSON.parse(call.function.arguments)),
        }],
      });
      assert(textOf(answer) !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const client = open(baseURL);
      const trunk = await client.chatCompletion(turn(TOLD[0]));
      const branch = await client.chatCompletion(turn(OTHER, trunk));
      const other = await client.chatCompletion(turn(ASKED, branch));
      expectName(textOf(other), "Ann");
      const same = await client.chatCompletion(turn(ASKED, trunk));
      expectName(textOf(same), "Dave");
    },
  },
};
