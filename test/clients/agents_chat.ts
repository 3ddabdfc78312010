/**
 * OpenAI's Agents SDK over chat completions.
 *
 * @module
 */

import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import { assert } from "@std/assert";
import { z } from "zod";
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

/** A run that goes on from a state. */
function open(baseURL: string, state?: string): Runner {
  return new Runner({
    model: "gosling",
    modelProvider: new OpenAIProvider({
      apiKey: "unused",
      baseURL,
      useResponses: false,
    }),
    modelSettings: {
      temperature: 0,
      providerData: { state, state_in: "ids" }, // state
    },
    tracingDisabled: true,
  });
}

const goose = new Agent({ name: "Goose" });

async function ask(baseURL: string, asked: string, before?: string) {
  const result = await open(baseURL, before).run(goose, asked);
  const state: string = result.rawResponses.at(-1)?.providerData?.state; // state, whole
  return { text: result.finalOutput, state };
}

/** See the module. */
export const agentsChat: Client = {
  name: "`@openai/agents`, chat completions",
  packages: ["@openai/agents"],
  state: "`providerData.state` in `rawResponses`; of a stream, in its raw " +
    "events; between turns of a run, ids of calls",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      let state: string | undefined;
      for (const told of TOLD) ({ state } = await ask(baseURL, told, state));
      expectName((await ask(baseURL, ASKED, state)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const streamed = await open(baseURL).run(goose, TOLD[0], {
        stream: true,
      });
      let state: string | undefined;
      for await (const event of streamed) {
        state = Object(event).data?.event?.state ?? state; // state, streamed
      }
      expectName((await ask(baseURL, ASKED, state)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const weather = new Weather();
      const forecaster = new Agent({
        name: "Forecaster",
        modelSettings: { toolChoice: "required", temperature: 0 },
        tools: [tool({
          name: "weather",
          description: "The weather somewhere",
          parameters: z.object({ city: z.enum(CITIES) }),
          execute: weather.look,
        })],
      });
      const { state } = await ask(baseURL, TOLD[0]);
      const runner = open(baseURL, state);
      const { finalOutput } = await runner.run(forecaster, WEATHER);
      assert(finalOutput !== "");
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
