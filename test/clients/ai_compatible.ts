/**
 * Vercel's AI SDK with the provider for servers that speak like OpenAI's.
 *
 * @module
 */

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, type LanguageModel, streamText } from "ai";
import { expectToolLoop } from "./ai_cases.ts";
import { ASKED, type Client, expectName, OTHER, TOLD } from "./client.ts";

type State = string | undefined;

function open(baseURL: string): LanguageModel {
  return createOpenAICompatible({
    name: "gosling",
    baseURL,
    apiKey: "unused",
    includeUsage: true,
  })("gosling");
}

/** Settings of a turn that goes on from a state. */
const goOn = (state: string | null = null) => ({
  temperature: 0,
  maxRetries: 0,
  providerOptions: { gosling: { state, state_in: "ids" } }, // state
});

async function ask(model: LanguageModel, prompt: string, before?: State) {
  const { text, response } = await generateText({
    ...goOn(before),
    model,
    prompt,
    include: { responseBody: true }, // state, whole
  });
  const { state } = response.body as { state?: string }; // state, whole
  return { text, state };
}

/** See the module. */
export const aiCompatible: Client = {
  name: "`ai` with `@ai-sdk/openai-compatible`",
  packages: ["ai", "@ai-sdk/openai-compatible"],
  state: "`response.body.state`; of a stream, in its raw chunks; between " +
    "steps, ids of calls",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const model = open(baseURL);
      let state: State;
      for (const told of TOLD) ({ state } = await ask(model, told, state));
      expectName((await ask(model, ASKED, state)).text, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const model = open(baseURL);
      const streamed = streamText({
        ...goOn(),
        model,
        prompt: TOLD[0],
        include: { rawChunks: true }, // state, streamed
      });
      let state: State;
      for await (const part of streamed.stream) {
        state = Object(part).rawValue?.state ?? state; // state, streamed
      }
      expectName((await ask(model, ASKED, state)).text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const model = open(baseURL);
      const { state } = await ask(model, TOLD[0]);
      await expectToolLoop(model, goOn(state));
    },
    "a fork": async ({ baseURL }) => {
      const model = open(baseURL);
      const trunk = await ask(model, TOLD[0]);
      const branch = await ask(model, OTHER, trunk.state);
      expectName((await ask(model, ASKED, branch.state)).text, "Ann");
      expectName((await ask(model, ASKED, trunk.state)).text, "Dave");
    },
  },
};
