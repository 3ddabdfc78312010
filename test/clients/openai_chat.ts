/**
 * OpenAI's own client, chat completions.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
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

function open(baseURL: string): OpenAI {
  return new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
}

/** The fields of a turn that goes on from the answer before. */
function turn(content: string, before?: OpenAI.ChatCompletion) {
  return {
    model: "gosling",
    temperature: 0,
    messages: [{ role: "user" as const, content }],
    ...(before && "state" in before && { state: before.state }), // state
  };
}

const PERSON = z.strictObject({
  name: z.string(),
  mood: z.enum(["glad", "sad"]),
});

/** See the module. */
export const openAiChat: Client = {
  name: "`openai`, chat completions",
  packages: ["openai"],
  state: "`answer.state`; inside `runTools`, ids of calls",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const { chat } = open(baseURL);
      let answer: OpenAI.ChatCompletion | undefined;
      for (const told of TOLD) {
        answer = await chat.completions.create(turn(told, answer));
      }
      const parsed = await chat.completions.parse({
        ...turn("Who am I?", answer),
        response_format: zodResponseFormat(PERSON, "person"),
      });
      PERSON.parse(parsed.choices[0]?.message.parsed);
      answer = await chat.completions.create(turn(ASKED, answer));
      expectName(answer.choices[0]?.message.content, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const { chat } = open(baseURL);
      const stream = chat.completions.stream(turn(TOLD[0]));
      let text = "";
      stream.on("content", (delta) => text += delta);
      const streamed = await stream.finalChatCompletion();
      assertEquals(text, streamed.choices[0]?.message.content);
      const answer = await chat.completions.create(turn(ASKED, streamed));
      expectName(answer.choices[0]?.message.content, "Dave");
    },
    "a tool loop": async ({ scriptedURL }) => {
      const weather = new Weather();
      const runner = open(scriptedURL).chat.completions.runTools({
        model: "fake",
        ...{ state_in: "ids" }, // state
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
    "a fork": async ({ baseURL }) => {
      const { chat } = open(baseURL);
      const trunk = await chat.completions.create(turn(TOLD[0]));
      const branch = await chat.completions.create(turn(OTHER, trunk));
      const [other, same] = await Promise.all([
        chat.completions.create(turn(ASKED, branch)),
        chat.completions.create(turn(ASKED, trunk)),
      ]);
      expectName(other.choices[0]?.message.content, "Ann");
      expectName(same.choices[0]?.message.content, "Dave");
      assert(other.id !== same.id);
    },
  },
};
