/**
 * What OpenAI's chats say of functions.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { closedObject, nullsLeftOut } from "../fields/closed_object.ts";
import { TEXT_LIMIT } from "../fields/text_fields.ts";
import {
  type AllowedTools,
  functionMembers,
  functionTools,
} from "../fields/tool_fields.ts";

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

/** The same in the words of `/v1/responses`. */
export const FlatTools = functionTools(
  z.strictObject({
    type: z.literal("function"),
    ...functionMembers,
    defer_loading: z.boolean().optional(),
  }).transform(({ type: _, defer_loading: __, ...tool }) => tool),
);

const Mode = z.enum(["none", "auto", "required"]);

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
