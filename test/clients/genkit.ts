/**
 * Genkit with its plugin for servers that speak like OpenAI's.
 *
 * @module
 */

import { openAICompatible } from "@genkit-ai/compat-oai";
import { assert } from "@std/assert";
import { type Genkit, genkit, z } from "genkit";
import type { GenerateResponseData, ModelMiddleware } from "genkit/model";
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

function open(baseURL: string): Genkit {
  return genkit({
    plugins: [openAICompatible({ name: "gosling", baseURL, apiKey: "unused" })],
    model: "gosling/gosling",
  });
}

/** As good as 0, which the plugin leaves out. */
const COLD = 0.01;

/** What genkit shows its middleware, and drops on the way to its caller. */
interface Kept {
  last?: GenerateResponseData;
}

/** Settings of a turn that goes on from a state; its answer is kept. */
function goOn(kept: Kept, state?: string) {
  const keep: ModelMiddleware = async (asked, next) =>
    kept.last = await next(asked); // state
  return { config: { temperature: COLD, state }, use: [keep] }; // state
}

async function ask(ai: Genkit, prompt: string, before?: string) {
  const kept: Kept = {};
  const { text } = await ai.generate({ prompt, ...goOn(kept, before) });
  const { state } = kept.last?.raw as { state?: string }; // state
  return { text, state };
}

/** See the module. */
export const genKit: Client = {
  name: "`genkit` with `@genkit-ai/compat-oai`",
  packages: ["genkit", "@genkit-ai/compat-oai"],
  state: "`raw.state` of the answer, in a middleware",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const ai = open(baseURL);
      let state: string | undefined;
      for (const told of TOLD) ({ state } = await ask(ai, told, state));
      expectName((await ask(ai, ASKED, state)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const ai = open(baseURL);
      const kept: Kept = {};
      const { stream, response } = ai.generateStream({
        prompt: TOLD[0],
        ...goOn(kept),
      });
      let text = "";
      for await (const chunk of stream) text += chunk.text;
      assert(text === (await response).text);
      const { state } = Object(kept.last?.raw);
      expectName((await ask(ai, ASKED, state)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const ai = open(baseURL);
      const kept: Kept = {};
      const weather = new Weather();
      const look = ai.defineTool({
        name: "weather",
        description: "The weather somewhere",
        inputSchema: z.object({ city: z.enum(CITIES) }).strict(),
        outputSchema: z.string(),
      }, (input) => Promise.resolve(weather.look(input)));
      // The plugin leaves out `toolChoice`, and passes on what is in `config`.
      const called = await ai.generate({
        prompt: WEATHER,
        tools: [look],
        use: goOn(kept).use,
        config: { temperature: COLD, tool_choice: "required" },
        returnToolRequests: true,
      });
      const [call] = called.toolRequests;
      assert(call !== undefined);
      const { name, ref, input } = call.toolRequest;
      const output = await look(input as { city: "Bern" | "Rome" });
      const answer = await ai.generate({
        tools: [look],
        config: { temperature: COLD, state: Object(kept.last?.raw).state },
        messages: [...called.messages, {
          role: "tool",
          content: [{ toolResponse: { name, ref, output } }],
        }],
      });
      assert(answer.text !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const ai = open(baseURL);
      const trunk = await ask(ai, TOLD[0]);
      const branch = await ask(ai, OTHER, trunk.state);
      expectName((await ask(ai, ASKED, branch.state)).text, "Ann");
      expectName((await ask(ai, ASKED, trunk.state)).text, "Dave");
    },
  },
};
