/**
 * What OpenAI's chats say of functions.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { JsonSchema, TEXT_LIMIT } from "../native/schema.ts";
import { closedObject, ignorable, nullsLeftOut } from "./fields.ts";

/**
 * Arguments of a call that stands in the history: JSON as a rule, but history is
 * data, and a model may have written anything.
 */
const Arguments = z.string().max(TEXT_LIMIT).default("{}").transform((json) => {
  try {
    return JSON.parse(json || "{}") as unknown;
  } catch {
    return json;
  }
});

/** A function that was called, and with what. */
const Called = closedObject({ name: z.string(), arguments: Arguments });

/** A call that the assistant wrote. */
export const CallItem = nullsLeftOut(z.union([
  z.strictObject({
    id: z.string().optional(),
    index: z.int().optional(),
    type: z.literal("function").default("function"),
    function: Called,
  }).transform(({ id, function: call }) => ({ id, ...call })),
  z.strictObject({
    id: z.string().optional(),
    type: z.literal("custom"),
    custom: closedObject({ name: z.string(), input: z.string() }),
  }).transform(({ id, custom: { name, input } }) => ({
    id,
    name,
    arguments: input as unknown,
  })),
]));

/** The older way to write one. */
export const OnlyCall = Called;

/** The same as an item of `/v1/responses`. */
export const FlatCall = z.strictObject({
  type: z.literal("function_call"),
  name: z.string(),
  arguments: Arguments,
  call_id: z.string().optional(),
  id: z.string().optional(),
  status: z.string().optional(),
  namespace: z.string().optional(),
}).transform(({ type, name, arguments: given, id, call_id }) => ({
  type,
  id,
  call_id,
  name,
  arguments: given,
}));

/** A call whose input is text. */
export const CustomCall = z.strictObject({
  type: z.literal("custom_tool_call"),
  name: z.string(),
  input: z.string().max(TEXT_LIMIT),
  call_id: z.string().optional(),
  id: z.string().optional(),
  status: z.string().optional(),
  namespace: z.string().optional(),
}).transform(({ name, input, id, call_id }) => ({
  type: "function_call" as const,
  id,
  call_id,
  name,
  arguments: input as unknown,
}));

/** Without any of these a schema allows everything; arguments are an object. */
const KINDS = ["$ref", "allOf", "anyOf", "oneOf", "type"];

/** What is said of a function. */
const described = {
  name: z.string().regex(/^[\w-]{1,64}$/, "is no name of a function"),
  description: z.string().max(TEXT_LIMIT).optional(),
  parameters: JsonSchema.default({ properties: {} }).transform((schema) =>
    KINDS.some((key) => key in schema) ? schema : { type: "object", ...schema }
  ),
  strict: z.boolean().optional(),
};

/**
 * Functions among the tools of a request. Tools of other kinds are run by the
 * server that offers them; this one has none, and can do without.
 */
function functions<T extends z.ZodType>(one: T): z.ZodDefault<
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
export const FunctionTools = functions(
  z.strictObject({
    type: z.literal("function"),
    function: closedObject(described),
  }).transform((tool) => tool.function),
);

/** The same in the words of `/v1/responses`. */
export const FlatTools = functions(
  z.strictObject({
    type: z.literal("function"),
    ...described,
    defer_loading: z.boolean().optional(),
  }).transform(({ type: _, defer_loading: __, ...tool }) => tool),
);

const Mode = z.enum(["none", "auto", "required"]);

/** Some of the tools: the answer may or has to be a call of one of them. */
export interface AllowedTools {
  readonly mode: "auto" | "required";
  readonly names: readonly string[];
}

/** Whether a function is asked for, and which. */
export type ToolChoice =
  | z.infer<typeof Mode>
  | { readonly name: string }
  | AllowedTools;

const AllowedMode = z.enum(["auto", "required"]);

const ByName = closedObject({
  type: z.literal("function"),
  function: closedObject({ name: z.string() }),
}).transform((choice) => choice.function);

/** Whether a function is asked for, and which; the field `tool_choice`. */
export const NamedChoice = z.union([
  Mode,
  ByName,
  closedObject({
    type: z.literal("allowed_tools"),
    allowed_tools: closedObject({
      mode: AllowedMode,
      tools: z.array(ByName).min(1).max(128),
    }),
  }).transform(({ allowed_tools: { mode, tools } }): AllowedTools => ({
    mode,
    names: tools.map(({ name }) => name),
  })),
]).default("auto");

const FlatByName = closedObject({
  type: z.literal("function"),
  name: z.string(),
}).transform(({ name }) => ({ name }));

/** The same in the words of `/v1/responses`. */
export const FlatChoice = z.union([
  Mode,
  FlatByName,
  closedObject({
    type: z.literal("allowed_tools"),
    mode: AllowedMode,
    tools: z.array(FlatByName).min(1).max(128),
  }).transform(({ mode, tools }): AllowedTools => ({
    mode,
    names: tools.map(({ name }) => name),
  })),
]).default("auto");

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
