/**
 * Functions that a request offers to the model, and its choice among them.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { closedObject, ignorable, nullsLeftOut } from "./closed_object.ts";
import { JsonSchema } from "./grammar_fields.ts";
import { TEXT_LIMIT } from "./text_fields.ts";

/** Without any of these a schema allows everything; arguments are an object. */
const SCHEMA_KEYWORDS = ["$ref", "allOf", "anyOf", "oneOf", "type"];

/** Members that describe a function. */
export const functionMembers = {
  name: z.string().regex(/^[\w-]{1,64}$/, "is no name of a function"),
  description: z.string().max(TEXT_LIMIT).optional(),
  parameters: JsonSchema.default({ properties: {} }).transform((schema) =>
    SCHEMA_KEYWORDS.some((key) => key in schema)
      ? schema
      : { type: "object", ...schema }
  ),
  strict: z.boolean().optional(),
};

/**
 * Functions among the tools of a request. Tools of other kinds are run by the
 * server that offers them; this one has none, and can do without.
 */
export function functionTools<T extends z.ZodType>(one: T): z.ZodDefault<
  z.ZodArray<z.ZodPreprocess<z.ZodPreprocess<T>>>
> {
  const Tool = z.preprocess((tool, context) => {
    const { type }: { type?: unknown } = tool instanceof Object ? tool : {};
    if (typeof type === "string" && type !== "function") {
      context.addIssue(
        ignorable(
          type,
          "is no function, and this server has no tools of its own",
        ),
      );
    }
    return tool;
  }, nullsLeftOut(one));
  return z.array(Tool).max(128).default([]);
}

/** Functions that the model may ask for. */
export const FunctionTools = functionTools(
  z.strictObject({
    type: z.literal("function"),
    function: closedObject(functionMembers),
  }).transform((tool) => tool.function),
);

/** Some of the tools: the answer may or has to be a call of one of them. */
export interface AllowedTools {
  readonly mode: "auto" | "required";
  readonly names: readonly string[];
}

/** Whether a function is asked for, and which. */
export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly name: string }
  | AllowedTools;

/** The tools that a choice leaves. */
export function chosenTools<T extends { readonly name: string }>(
  tools: readonly T[],
  choice: ToolChoice,
): readonly T[] {
  if (choice === "none") return [];
  if (typeof choice === "string") return tools;
  const names = "name" in choice ? [choice.name] : choice.names;
  return tools.filter(({ name }) => names.includes(name));
}

/** Whether the answer has to be a call. */
export function mustCall(choice: ToolChoice): boolean {
  if (typeof choice === "string") return choice === "required";
  return "name" in choice || choice.mode === "required";
}

/** Whether the choice is one that the tools leave. */
export function canChoose(
  { tools, tool_choice: choice }: {
    readonly tools: readonly { readonly name: string }[];
    readonly tool_choice: ToolChoice;
  },
): boolean {
  return !mustCall(choice) || chosenTools(tools, choice).length > 0;
}

/** What is said of a choice that the tools do not leave. */
export const NO_CHOICE = {
  path: ["tool_choice"],
  error: "asks for no function of tools",
};
