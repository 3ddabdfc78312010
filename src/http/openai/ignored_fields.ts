/**
 * Fields of OpenAI's clients that change nothing here, or that are refused by name.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** Fields that are taken and change nothing. */
export const ignored = {
  add_generation_prompt: z.unknown().optional(),
  metadata: z.unknown().optional(),
  parallel_tool_calls: z.unknown().optional(),
  prediction: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  store: z.boolean().optional(),
  user: z.unknown().optional(),
  verbosity: z.unknown().optional(),
};

/** Fields of chats that tools have replaced; taken where they say "none". */
export const replacedInChats = {
  function_call: z.enum(["none", "auto"], "is not supported: use tool_choice")
    .optional(),
  functions: z.tuple([], "is not supported: use tools").optional(),
};

const refusedField = z.null("is not supported: nothing is stored here")
  .optional();

/** Fields of responses that are refused by name: they refer to what is stored. */
export const refusedInResponses = {
  conversation: refusedField,
  prompt: refusedField,
};
