/**
 * What `/v1/messages` takes. Any optional field may be `null`; fields that change
 * nothing here are taken; fields that nobody knows are ignored and named; fields of
 * the native API are added.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Effort } from "../../chat/thought/thinking.ts";
import type { Grammar } from "../../grammar/grammar.ts";
import type { Tool } from "../../chat/tools/tool_calls.ts";
import { JsonSchema, schemaGrammar } from "../fields/grammar_fields.ts";
import { modelName, stops, TEXT_LIMIT } from "../fields/text_fields.ts";
import {
  closedObject,
  ignorable,
  nullsLeftOut,
} from "../fields/closed_object.ts";
import { MOST_TOKENS } from "../fields/answer_length.ts";
import { nativeFields } from "../fields/native_fields.ts";
import { lenientSampling } from "../fields/sampling_fields.ts";
import {
  canChoose,
  NO_CHOICE,
  type ToolChoice,
} from "../fields/tool_fields.ts";
import { AnthropicMessage, SystemField } from "./message_content.ts";

/** Tools in one request: those of several MCP servers together go far. */
const MOST_TOOLS = 1024;

const ClientTool = nullsLeftOut(z.strictObject({
  type: z.literal("custom").optional(),
  name: z.string().regex(/^[\w-]{1,128}$/, "is no name of a tool"),
  description: z.string().max(TEXT_LIMIT).optional(),
  input_schema: JsonSchema,
  allowed_callers: z.unknown().optional(),
  cache_control: z.unknown().optional(),
  defer_loading: z.unknown().optional(),
  eager_input_streaming: z.unknown().optional(),
  input_examples: z.unknown().optional(),
  strict: z.unknown().optional(),
})).transform(({ name, description, input_schema: parameters }): Tool => ({
  name,
  description,
  parameters: { type: "object", ...parameters },
}));

/** Tools that the client runs; those of other servers can be done without. */
const Tools = z.array(z.preprocess((tool, context) => {
  const { type }: { type?: unknown } = tool instanceof Object ? tool : {};
  if (typeof type === "string" && type !== "custom") {
    context.addIssue(
      ignorable(type, "is a tool that this server does not have"),
    );
  }
  return tool;
}, ClientTool)).max(MOST_TOOLS).default([]);

const Choice = nullsLeftOut(z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("tool"),
    name: z.string(),
    disable_parallel_tool_use: z.boolean().optional(),
  }),
  ...(["auto", "any", "none"] as const).map((type) =>
    z.strictObject({
      type: z.literal(type),
      disable_parallel_tool_use: z.boolean().optional(),
    })
  ),
])).default({ type: "auto" }).transform((choice): ToolChoice => {
  if (choice.type === "any") return "required";
  return "name" in choice ? { name: choice.name } : choice.type;
});

const ThinkingField = nullsLeftOut(z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("enabled"),
    budget_tokens: z.int().min(1),
    display: z.unknown().optional(),
  }),
  z.strictObject({
    type: z.literal("adaptive"),
    display: z.unknown().optional(),
  }),
  z.strictObject({ type: z.literal("between_tools") }),
  z.strictObject({ type: z.literal("disabled") }),
]));

const OutputFormat = nullsLeftOut(
  z.strictObject({ type: z.literal("json_schema"), schema: JsonSchema }),
);

const OutputConfig = closedObject({
  effort: z.enum(["low", "medium", "high", "xhigh", "max"]).optional(),
  format: OutputFormat.optional(),
  task_budget: z.unknown().optional(),
});

/** Fields that are taken and change nothing. */
const ignoredAnthropicFields = {
  cache_control: z.unknown().optional(),
  context_management: z.unknown().optional(),
  diagnostics: z.unknown().optional(),
  inference_geo: z.unknown().optional(),
  metadata: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  speed: z.unknown().optional(),
  user_profile_id: z.unknown().optional(),
  workspace_id: z.unknown().optional(),
};

const conversationFields = {
  model: modelName,
  messages: z.array(AnthropicMessage).min(1).max(10_000)
    .transform((messages) => messages.flat()),
  system: SystemField.optional(),
  tools: Tools,
  tool_choice: Choice,
  thinking: ThinkingField.optional(),
  output_config: OutputConfig.optional(),
  output_format: OutputFormat.optional(),
  ...ignoredAnthropicFields,
  ...nativeFields,
};

type Thoughts = z.output<typeof ThinkingField> | undefined;

/** How much to think, and for how many tokens at most. */
function thoughts(
  thinking: Thoughts,
  asked: "low" | "medium" | "high" | "xhigh" | "max" = "medium",
): { readonly effort: Effort; readonly thinkTokens: number | undefined } {
  const effort = asked === "xhigh" || asked === "max" ? "high" : asked;
  switch (thinking?.type) {
    case "enabled": {
      const { budget_tokens: thinkTokens } = thinking;
      return { effort, thinkTokens };
    }
    case "adaptive":
    case "between_tools":
      return { effort, thinkTokens: undefined };
    default:
      return { effort: "none", thinkTokens: undefined };
  }
}

function outputGrammar(
  format: z.output<typeof OutputFormat> | undefined,
): Grammar | undefined {
  return format && schemaGrammar({ schema: format.schema, strict: true });
}

/** `POST /v1/messages`. */
export const MessagesRequest = closedObject({
  ...conversationFields,
  max_tokens: z.int().min(0).transform((most) => Math.min(most, MOST_TOKENS))
    .describe(
      `Maximum number of tokens to generate, capped at ${MOST_TOKENS}`,
    ),
  stop_sequences: stops,
  stream: z.boolean().default(false),
  ...lenientSampling,
}).refine(canChoose, NO_CHOICE).transform((
  { stop_sequences, thinking, output_config, output_format, ...request },
) => ({
  ...request,
  ...thoughts(thinking, output_config?.effort),
  grammar: outputGrammar(output_config?.format ?? output_format),
  stop: stop_sequences,
  n: 1,
})).openapi("MessagesRequest");
/** `POST /v1/messages`, parsed. */
export type MessagesRequest = z.output<typeof MessagesRequest>;

/** `POST /v1/messages/count_tokens`. */
export const CountRequest = closedObject(conversationFields)
  .refine(canChoose, NO_CHOICE)
  .transform(({ thinking, output_config, ...request }) => ({
    ...request,
    ...thoughts(thinking, output_config?.effort),
  })).openapi("MessagesCountRequest");
/** `POST /v1/messages/count_tokens`, parsed. */
export type CountRequest = z.output<typeof CountRequest>;
