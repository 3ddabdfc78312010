/**
 * What clients of Vercel's AI SDK have in common, whichever provider speaks to the
 * server.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  streamText,
  tool,
} from "ai";
import {
  ASKED,
  CITY,
  type Client,
  expectName,
  historyCases,
  TOLD,
  WEATHER,
  Weather,
} from "./client.ts";

/** Settings of a turn. */
export type TurnSettings = Pick<
  Parameters<typeof generateText>[0],
  "maxOutputTokens" | "maxRetries" | "providerOptions" | "temperature"
>;

/** Asks for the weather: a call in the first step, the answer in the second. */
export async function expectToolLoop(
  model: LanguageModel,
  settings: TurnSettings,
): Promise<void> {
  const weather = new Weather();
  const { text, steps } = await generateText({
    ...settings,
    model,
    prompt: WEATHER,
    tools: {
      weather: tool({
        inputSchema: jsonSchema<{ city: string }>(CITY),
        execute: weather.look,
      }),
    },
    stopWhen: isStepCount(2),
    prepareStep: ({ stepNumber }) => ({
      toolChoice: stepNumber === 0 ? "required" : "none",
    }),
  });
  assert(text !== "" && steps.length === 2);
  weather.expectCalled();
}

/** The cases of a provider whose messages are all that has to be sent back. */
export function messageCases(
  open: (baseURL: string) => LanguageModel,
  settings: TurnSettings,
): Required<Omit<Client["cases"], "a tool loop">> {
  const ask = async (
    model: LanguageModel,
    content: string,
    before: readonly ModelMessage[] = [],
  ) => {
    const messages: ModelMessage[] = [...before, { role: "user", content }];
    const { text, response } = await generateText({
      ...settings,
      model,
      messages,
    });
    return { text, messages: [...messages, ...response.messages] };
  };
  return {
    ...historyCases(open, ask),
    "a stream gone on from": async ({ baseURL }) => {
      const model = open(baseURL);
      const told: ModelMessage = { role: "user", content: TOLD[0] };
      const streamed = streamText({ ...settings, model, messages: [told] });
      assert(await streamed.text !== "");
      const { messages } = await streamed.response;
      expectName((await ask(model, ASKED, [told, ...messages])).text, "Dave");
    },
  };
}
