/**
 * OpenAI's Agents SDK over responses, its default.
 *
 * @module
 */

import {
  Agent,
  type AgentInputItem,
  OpenAIProvider,
  Runner,
  tool,
} from "@openai/agents";
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

function open(baseURL: string): Runner {
  return new Runner({
    model: "gosling",
    modelProvider: new OpenAIProvider({ apiKey: "unused", baseURL }),
    modelSettings: { temperature: 0 },
    tracingDisabled: true,
  });
}

const goose = new Agent({ name: "Goose" });

/** See the module. */
export const agentsResponses: Client = {
  name: "`@openai/agents`, responses",
  packages: ["@openai/agents"],
  state: "items of `result.history`, or `result.lastResponseId`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const runner = open(baseURL);
      let history: AgentInputItem[] = [];
      for (const content of TOLD) {
        const asked = [...history, { role: "user" as const, content }];
        ({ history } = await runner.run(goose, asked));
      }
      const asked = [...history, { role: "user" as const, content: ASKED }];
      const { finalOutput } = await runner.run(goose, asked);
      expectName(finalOutput, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const runner = open(baseURL);
      const streamed = await runner.run(goose, TOLD[0], { stream: true });
      await streamed.completed;
      const previousResponseId = streamed.lastResponseId;
      const byId = await runner.run(goose, ASKED, { previousResponseId });
      expectName(byId.finalOutput, "Dave");
      const history = [
        ...streamed.history,
        { role: "user" as const, content: ASKED },
      ];
      expectName((await runner.run(goose, history)).finalOutput, "Dave");
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
      const { finalOutput } = await open(baseURL).run(forecaster, WEATHER);
      assert(finalOutput !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const runner = open(baseURL);
      const ask = async (asked: string, previousResponseId?: string) =>
        await runner.run(goose, asked, { previousResponseId });
      const trunk = await ask(TOLD[0]);
      const branch = await ask(OTHER, trunk.lastResponseId);
      const other = await ask(ASKED, branch.lastResponseId);
      expectName(other.finalOutput, "Ann");
      const same = await ask(ASKED, trunk.lastResponseId);
      expectName(same.finalOutput, "Dave");
    },
  },
};
