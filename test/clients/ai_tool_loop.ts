/**
 * A tool loop of Vercel's AI SDK, whichever provider speaks to the server.
 *
 * @module
 */

import { assert } from "@std/assert";
import {
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  tool,
} from "ai";
import { CITY, WEATHER, Weather } from "./client.ts";

/** Settings of a turn. */
export interface TurnSettings {
  readonly temperature: number;
  readonly maxRetries: number;
}

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
