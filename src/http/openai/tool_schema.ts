/**
 * What OpenAI's chats say of functions.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { JsonSchema, TEXT_LIMIT } from "../native/schema.ts";

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

/** The same as an item of `/v1/responses`. */
export const FlatCall = z.object({
  type: z.literal("function_call"),
  name: z.string(),
  arguments: Arguments,
  call_id: z.string(),
  id: z.string().nullish(),
  status: z.string().nullish(),
});

/** What is said of a function. */
const described = {
  name: z.string().regex(/^[\w-]{1,64}$/, "is no name of a function"),
  description: z.string().max(TEXT_LIMIT).nullish(),
  parameters: JsonSchema.nullish().transform((schema) =>
    schema ?? { type: "object", properties: {} }
  ),
  strict: z.boolean().nullish(),
};

/** A function that the model may ask for. */
export const FunctionTool = z.object({
  type: z.literal("function"),
  function: z.object(described),
}).transform((tool) => tool.function);

/** The same in the words of `/v1/responses`. */
export const FlatTool = z.object({ type: z.literal("function"), ...described })
  .transform(({ type: _, ...tool }) => tool);

const Mode = z.enum(["none", "auto", "required"]);

/** Whether a function is asked for, and which. */
export type ToolChoice = z.infer<typeof Mode> | { readonly name: string };

/** Whether a function is asked for, and which; the field `tool_choice`. */
export const NamedChoice = z.union([
  Mode,
  z.object({
    type: z.literal("function"),
    function: z.object({ name: z.string() }),
  }).transform((choice) => choice.function),
]).nullish().transform((choice): ToolChoice => choice ?? "auto");

/** The same in the words of `/v1/responses`. */
export const FlatChoice = z.union([
  Mode,
  z.object({ type: z.literal("function"), name: z.string() })
    .transform(({ name }) => ({ name })),
]).nullish().transform((choice): ToolChoice => choice ?? "auto");

/** Whether the choice is one that the tools leave. */
export function canChoose(
  { tools, tool_choice: choice }: {
    readonly tools: readonly { readonly name: string }[];
    readonly tool_choice: ToolChoice;
  },
): boolean {
  return typeof choice === "string"
    ? choice !== "required" || tools.length > 0
    : tools.some(({ name }) => name === choice.name);
}

/** What is said of a choice that the tools do not leave. */
export const NO_CHOICE = {
  path: ["tool_choice"],
  error: "asks for no function of tools",
};
