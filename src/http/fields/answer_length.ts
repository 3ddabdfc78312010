/**
 * How long an answer may become.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** Tokens of an answer at most, if the request does not say. */
export const ANSWER_TOKENS = 1024;

/** Tokens of an answer at most, whatever the request says. */
export const MOST_TOKENS = 1 << 16;

/** Tokens of an answer at most; -1 for {@linkcode MOST_TOKENS}. */
export const AnswerTokens = z.int().min(-1).max(MOST_TOKENS)
  .transform((count) => count < 0 ? MOST_TOKENS : count);

/** Tokens of an answer at most, where any negative number is {@linkcode MOST_TOKENS}. */
export function tokensOf(most: number = ANSWER_TOKENS): number {
  return most < 0 ? MOST_TOKENS : Math.min(most, MOST_TOKENS);
}
