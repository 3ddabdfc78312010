/**
 * Mastra's agents over responses.
 *
 * @module
 */

import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
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

type Messages = Exclude<Parameters<Agent["generate"]>[0], string | string[]>;
type History = Extract<Messages, readonly unknown[]>;

function open(baseURL: string, weather?: Weather): Agent {
  return new Agent({
    id: "goose",
    name: "Goose",
    instructions: "Be kind.",
    model: {
      id: "gosling/gosling",
      url: baseURL,
      apiKey: "unused",
      api: "responses",
    },
    ...(weather && {
      tools: {
        weather: createTool({
          id: "weather",
          description: "The weather somewhere",
          inputSchema: z.object({ city: z.enum(CITIES) }),
          execute: (input) => Promise.resolve(weather.look(input)),
        }),
      },
    }),
  });
}

const SETTINGS = {
  modelSettings: { temperature: 0, maxRetries: 0 },
} as const;

async function ask(agent: Agent, content: string, before: History = []) {
  const asked = [...before, { role: "user", content }] as History;
  const { text, response } = await agent.generate(asked, SETTINGS);
  const history = [...asked, ...response.messages ?? []] as History;
  return { text, history };
}

/** See the module. */
export const mastra: Client = {
  name: "`@mastra/core`, responses",
  packages: ["@mastra/core"],
  state: "ids of the items in `response.messages`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const agent = open(baseURL);
      let history: History | undefined;
      for (const told of TOLD) ({ history } = await ask(agent, told, history));
      expectName((await ask(agent, ASKED, history)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const agent = open(baseURL);
      const told = [{ role: "user", content: TOLD[0] }] as History;
      const streamed = await agent.stream(told, SETTINGS);
      assert(await streamed.text !== "");
      const { messages = [] } = await streamed.response;
      const history = [...told, ...messages] as History;
      expectName((await ask(agent, ASKED, history)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const weather = new Weather();
      const { text, steps } = await open(baseURL, weather).generate(WEATHER, {
        ...SETTINGS,
        maxSteps: 2,
        prepareStep: ({ stepNumber }) => ({
          toolChoice: stepNumber === 0 ? "required" : "none",
        }),
      });
      assert(text !== "" && steps.length === 2);
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const agent = open(baseURL);
      const trunk = await ask(agent, TOLD[0]);
      const branch = await ask(agent, OTHER, trunk.history);
      expectName((await ask(agent, ASKED, branch.history)).text, "Ann");
      expectName((await ask(agent, ASKED, trunk.history)).text, "Dave");
    },
  },
};
