/**
 * How long an answer may become.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** How many tokens an answer may have if the request does not say. */
export const ANSWER_TOKENS = 1024;

/** How many tokens an answer may have at all. */
export const MOST_TOKENS = 1 << 16;

/** How many tokens an answer may have; -1 stands for as many as may be. */
export const tokens = z.int().min(-1).max(MOST_TOKENS)
  .transform((count) => count < 0 ? MOST_TOKENS : count);

/** How many tokens an answer may have where a client says it its own way. */
export function tokensOf(most: number = ANSWER_TOKENS): number {
  return most < 0 ? MOST_TOKENS : Math.min(most, MOST_TOKENS);
}
