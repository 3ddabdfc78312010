/**
 * What OpenAI's chats and completions take. Any optional field may be `null`;
 * fields that change nothing here are taken; fields that nobody knows are ignored
 * and named; a few fields of the native API are added.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Grammar } from "../../grammar/grammar.ts";
import { ANSWER_TOKENS, AnswerTokens } from "../fields/answer_length.ts";
import { closedObject, nullsLeftOut } from "../fields/closed_object.ts";
import { JsonSchema, schemaGrammar } from "../fields/grammar_fields.ts";
import { list, MOST_MESSAGES } from "../fields/long_lists.ts";
import { nativeFields } from "../fields/native_fields.ts";
import { lenientSampling } from "../fields/sampling_fields.ts";
import { StatePlace } from "../fields/state_place.ts";
import { modelName, stops, text, TOKEN_LIMIT } from "../fields/text_fields.ts";
import { canChoose, FunctionTools, NO_CHOICE } from "../fields/tool_fields.ts";
import { ignored, replacedInChats } from "./ignored_fields.ts";
import { OpenAiMessage } from "./openai_message.ts";
import { NamedChoice } from "./tool_schema.ts";

const stream = {
  stream: z.boolean().default(false),
  stream_options: closedObject({
    include_usage: z.boolean().default(false),
    include_obfuscation: z.boolean().optional(),
  }).optional(),
};

const choices = z.int().min(1).max(16).default(1);

/** How much to think, by OpenAI's names. */
export const ReasoningEffort = z.enum([
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
]).transform((effort) => effort === "xhigh" ? "high" as const : effort)
  .optional()
  .describe("Reasoning effort; ignored by models without reasoning");

/** What OpenAI says of a JSON schema. */
export const namedSchema = {
  name: z.string().max(64).optional(),
  description: z.string().optional(),
  schema: JsonSchema.default({}),
  strict: z.boolean().optional(),
};

/** Any JSON object, or one that keeps to a schema, which other servers take. */
export const JsonObject = z.strictObject({
  type: z.literal("json_object"),
  schema: JsonSchema.optional(),
});

/** What an answer may be, as OpenAI names it. */
const ResponseFormat = nullsLeftOut(z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  JsonObject,
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: closedObject(namedSchema),
  }),
]));

/** The grammar of a JSON object. */
export function objectGrammar(
  { schema }: z.output<typeof JsonObject>,
): Grammar {
  return schema === undefined ? { type: "json" } : schemaGrammar({ schema });
}

function responseFormatGrammar(
  format: z.output<typeof ResponseFormat> | undefined,
): Grammar | undefined {
  switch (format?.type) {
    case "json_object":
      return objectGrammar(format);
    case "json_schema":
      return schemaGrammar(format.json_schema);
    default:
      return undefined;
  }
}

/** `POST /v1/chat/completions`. */
export const ChatRequest = closedObject({
  model: modelName,
  messages: list(OpenAiMessage).min(1).max(MOST_MESSAGES),
  max_tokens: AnswerTokens.optional(),
  max_completion_tokens: AnswerTokens.optional(),
  n: choices,
  stop: stops,
  modalities: z.tuple([z.literal("text")]).optional(),
  response_format: ResponseFormat.optional(),
  logprobs: z.boolean().default(false),
  top_logprobs: z.int().min(0).max(20).optional(),
  reasoning_effort: ReasoningEffort,
  tools: FunctionTools,
  tool_choice: NamedChoice,
  state_in: StatePlace.optional(),
  ...lenientSampling,
  ...stream,
  ...nativeFields,
  ...ignored,
  ...replacedInChats,
}).refine(({ logprobs, top_logprobs }) => logprobs || !top_logprobs, {
  path: ["top_logprobs"],
  error: "needs logprobs",
}).refine(canChoose, NO_CHOICE).transform((
  { reasoning_effort, response_format, ...request },
) => ({
  ...request,
  grammar: responseFormatGrammar(response_format),
  effort: reasoning_effort,
  logprobs: request.logprobs ? request.top_logprobs ?? 0 : undefined,
  max_tokens: request.max_completion_tokens ?? request.max_tokens ??
    ANSWER_TOKENS,
})).openapi("ChatCompletionRequest");
/** `POST /v1/chat/completions`, parsed. */
export type ChatRequest = z.output<typeof ChatRequest>;

const TokenList = list(z.int().min(0)).min(1).max(TOKEN_LIMIT);

/** `POST /v1/completions`. */
export const CompletionRequest = closedObject({
  model: modelName,
  prompt: z.union([
    text,
    z.array(text).min(1).max(16),
    TokenList,
    z.array(TokenList).min(1).max(16),
  ]).default(""),
  max_tokens: AnswerTokens.default(16),
  n: choices,
  best_of: z.int().min(1).max(16).optional(),
  echo: z.boolean().default(false),
  suffix: z.literal("").optional(),
  logprobs: z.int().min(0).max(20).optional(),
  stop: stops,
  ...lenientSampling,
  ...stream,
  ...nativeFields,
  user: z.unknown().optional(),
}).refine(({ n, best_of }) => (best_of ?? n) >= n, {
  path: ["best_of"],
  error: "is less than n",
}).refine(({ n, best_of, stream }) => !stream || (best_of ?? n) === n, {
  path: ["best_of"],
  error: "cannot be streamed: the best is known at the end",
}).transform(({ logprobs, best_of, ...request }) => ({
  ...request,
  logprobs,
  best_of: best_of ?? request.n,
})).openapi("CompletionRequest");
/** `POST /v1/completions`, parsed. */
export type CompletionRequest = z.output<typeof CompletionRequest>;
