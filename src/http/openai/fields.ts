/**
 * Fields of OpenAI's that change nothing here, and those that cannot be served.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** Fields that are taken and change nothing. */
export const ignored = {
  metadata: z.unknown().optional(),
  parallel_tool_calls: z.unknown().optional(),
  prediction: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  store: z.boolean().nullish(),
  user: z.unknown().optional(),
  verbosity: z.unknown().optional(),
};

/** What cannot be served; clients that write every field write `null`. */
const refused = z.null("is not supported").optional();

/** Fields of chats that are refused by name. */
export const refusedInChats = {
  audio: refused,
  function_call: refused,
  functions: refused,
  web_search_options: refused,
};

/** Fields of responses that are refused by name. */
export const refusedInResponses = {
  conversation: refused,
  prompt: refused,
};
