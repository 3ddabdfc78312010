/**
 * Genkit with its plugin for servers that speak like OpenAI's.
 *
 * @module
 */

import { openAICompatible } from "@genkit-ai/compat-oai";
import { assert } from "@std/assert";
import { type Genkit, genkit, z } from "genkit";
import type { ModelMiddleware } from "genkit/model";
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

/** Keeps the state, of streams too: genkit shows middleware what it drops. */
class Memory {
  state: string | undefined;
  constructor(state?: string) {
    this.state = state;
  }

  readonly use: ModelMiddleware = async (asked, next) => {
    const config = { ...asked.config, state: this.state }; // state
    const answer = await next({ ...asked, config }); // state
    ({ state: this.state } = answer.raw as { state?: string }); // state
    return answer;
  };
}

async function ask(ai: Genkit, prompt: string, before?: string) {
  const memory = new Memory(before);
  const config = { temperature: 0 };
  const { text } = await ai.generate({ prompt, config, use: [memory.use] });
  return { text, state: memory.state };
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
      const memory = new Memory();
      const { stream, response } = ai.generateStream({
        prompt: TOLD[0],
        config: { temperature: 0 },
        use: [memory.use],
      });
      let text = "";
      for await (const chunk of stream) text += chunk.text;
      assert(text === (await response).text);
      expectName((await ask(ai, ASKED, memory.state)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const ai = open(baseURL);
      const memory = new Memory();
      const weather = new Weather();
      const look = ai.defineTool({
        name: "weather",
        description: "The weather somewhere",
        inputSchema: z.object({ city: z.enum(CITIES) }),
        outputSchema: z.string(),
      }, (input) => Promise.resolve(weather.look(input)));
      const asked = {
        tools: [look],
        use: [memory.use],
      };
      // The plugin leaves out `toolChoice`, and passes on what is in `config`.
      const called = await ai.generate({
        ...asked,
        prompt: WEATHER,
        config: { temperature: 0, tool_choice: "required" },
        returnToolRequests: true,
      });
      const [call] = called.toolRequests;
      assert(call !== undefined);
      const { name, ref, input } = call.toolRequest;
      const output = await look(input as { city: "Bern" | "Rome" });
      const answer = await ai.generate({
        ...asked,
        config: { temperature: 0 },
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
