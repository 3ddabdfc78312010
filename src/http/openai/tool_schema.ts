/**
 * What OpenAI's chats say of functions.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { JsonSchema, TEXT_LIMIT } from "../schema.ts";

/** Arguments of a call, in JSON. */
const Arguments = z.string().transform((json, context) => {
  try {
    return JSON.parse(json || "{}");
  } catch {
    context.addIssue({ code: "custom", message: "is no JSON" });
    return z.NEVER;
  }
}).pipe(z.record(z.string(), z.unknown()));

/** A call that the assistant wrote. */
export const CallItem = z.object({
  id: z.string().optional(),
  type: z.literal("function").default("function"),
  function: z.object({
    name: z.string(),
    arguments: Arguments,
  }),
}).transform((call) => call.function);

/** A function that the model may ask for. */
export const FunctionTool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string().regex(/^[\w-]{1,64}$/, "is no name of a function"),
    description: z.string().max(TEXT_LIMIT).nullish(),
    parameters: JsonSchema.default({ type: "object", properties: {} }),
    strict: z.boolean().nullish(),
  }),
}).transform((tool) => tool.function);

/** Whether a function is asked for, and which. */
export const ToolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.object({
    type: z.literal("function"),
    function: z.object({ name: z.string() }),
  }),
]).nullish().transform((choice) => choice ?? "auto");
