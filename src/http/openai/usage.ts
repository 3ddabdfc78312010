/**
 * What every answer in OpenAI's shapes says of its end and its cost.
 *
 * @module
 */

import type { DoneEvent, TurnUsage } from "../../engine/engine.ts";

/** OpenAI has no word for an answer that the server had to cut. */
export function finishReason({ finish }: DoneEvent): "stop" | "length" {
  return finish === "stop" ? "stop" : "length";
}

/** OpenAI's usage: the prompt is the whole text, what was saved is cached. */
export interface OpenAiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** Adds up what the choices of one prompt cost: it is counted once. */
export function usageOf(
  usages: readonly TurnUsage[],
  perPrompt: number,
): OpenAiUsage {
  const prompts = usages.filter((_, i) => i % perPrompt === 0);
  const cached = sumOfUsages(prompts.map((usage) => usage.prefillSavedTokens));
  const prompt = cached +
    sumOfUsages(prompts.map((usage) => usage.promptTokens));
  const completion = sumOfUsages(usages.map((usage) => usage.completionTokens));
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function sumOfUsages(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
