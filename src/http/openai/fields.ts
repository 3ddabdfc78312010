/**
 * How OpenAI's clients write fields: `null` for what they leave open, a value that
 * means "off", and fields that change nothing here.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Ignorable } from "../request/schema_check.ts";

/** A schema of an object whose members may be `null`, which means: left out. */
export function nullsLeftOut<T extends z.ZodType>(
  schema: T,
): z.ZodPreprocess<T> {
  return z.preprocess((value) => {
    if (!(value instanceof Object) || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).filter(([, member]) => member !== null),
    );
  }, schema);
}

/** An object that has these members and no others; see {@linkcode nullsLeftOut}. */
export function closedObject<T extends z.core.$ZodLooseShape>(
  shape: T,
): z.ZodPreprocess<z.ZodObject<T, z.core.$strict>> {
  return nullsLeftOut(z.strictObject(shape));
}

/** What is said of something that a request can do without. */
export function ignorable(name: string, message: string): {
  readonly code: "custom";
  readonly message: string;
  readonly params: Ignorable;
} {
  return { code: "custom", message, params: { ignorable: name } };
}

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

const refused = z.null("is not supported: nothing is stored here")
  .optional();

/** Fields of responses that are refused by name: they refer to what is stored. */
export const refusedInResponses = {
  conversation: refused,
  prompt: refused,
};
