/**
 * What OpenAI's routes take. Fields that OpenAI has and this server cannot serve
 * are refused by name; fields that change nothing here are taken and ignored; a
 * few fields of the native API are added.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Message } from "../../chat/template.ts";
import { callText, outputText } from "../../chat/tools.ts";
import type { Grammar } from "../../grammar/grammar.ts";
import { ignored, refusedInChats } from "./fields.ts";
import {
  CallItem,
  canChoose,
  FunctionTool,
  NamedChoice,
  NO_CHOICE,
} from "./tool_schema.ts";
import {
  Initial,
  JsonSchema,
  samplingFields,
  StateCodec,
  StateProfile,
  TEXT_LIMIT,
} from "../native/schema.ts";

const text = z.string().max(TEXT_LIMIT);

/** A part of a message; only text can be read. */
const TextPart = z.object({
  type: z.enum(["text", "input_text", "output_text", "refusal"]),
  text: text.optional(),
  refusal: text.optional(),
}).transform(({ text, refusal }) => text ?? refusal ?? "");

/** A message's content, whatever its form, as text. */
export const Content = z.union([
  text,
  z.array(TextPart).max(1024).transform((parts) => parts.join("")),
  z.null().transform(() => ""),
]);

const stop = z.string().min(1).max(256);

/** How many tokens an answer may have if the request does not say. */
const ANSWER_TOKENS = 1024;

/** How many tokens an answer may have. */
export const tokens = z.int().min(0).max(1 << 16);

/** OpenAI sends `null` for what it leaves to the server. */
export function orNull<T extends z.ZodType>(
  type: z.ZodDefault<T>,
): z.ZodPreprocess<z.ZodDefault<T>> {
  return z.preprocess((value) => value ?? undefined, type);
}

/** How to draw, with OpenAI's bounds, and the native API's additions. */
export const sampling = {
  ...samplingFields,
  temperature: orNull(z.number().min(0).max(2).default(1)),
  top_p: orNull(z.number().min(0).max(1).default(1)),
  presence_penalty: orNull(z.number().min(-2).max(2).default(0)),
  frequency_penalty: orNull(z.number().min(-2).max(2).default(0)),
  logit_bias: orNull(samplingFields.logit_bias),
  penalty_decay: z.number().min(0).max(1).default(1),
  seed: z.int().nullish().transform((seed) =>
    seed && seed < 0 ? seed + 2 ** 53 : seed
  ),
};

/** Fields of the native API. */
const native = {
  state: z.string().nullish()
    .describe("What an earlier answer returned: only new messages are read"),
  initial: Initial.nullish(),
  state_codec: StateCodec,
  state_profile: StateProfile,
};

const stops = orNull(
  z.union([stop, z.array(stop).max(16)]).default([]),
);

const stream = {
  stream: orNull(z.boolean().default(false)),
  stream_options: z.object({
    include_usage: z.boolean().default(false),
    include_obfuscation: z.boolean().optional(),
  }).nullish(),
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
  .nullish().transform((effort) => effort ?? undefined)
  .describe("How much to think first; ignored by models that cannot");

/** What OpenAI says of a JSON schema. */
export const NamedSchema = z.object({
  name: z.string().max(64),
  description: z.string().nullish(),
  schema: JsonSchema.default({}),
  strict: z.boolean().nullish(),
});

/** What an answer may be, as OpenAI names it. */
const ResponseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({ type: z.literal("json_schema"), json_schema: NamedSchema }),
]);

/** The grammar that OpenAI's format stands for. */
export function grammarOf(
  type: "text" | "json_object" | "json_schema" | undefined,
  named: z.output<typeof NamedSchema> | undefined,
): Grammar | undefined {
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema" || named === undefined) return undefined;
  const { schema, strict } = named;
  return { type: "json_schema", schema, strict: strict ?? false };
}

/** A message of a chat. */
const ChatMessage = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: Content.default(""),
  name: z.string().optional(),
  refusal: z.unknown().optional(),
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(CallItem).max(128).nullish(),
  tool_call_id: z.string().optional(),
}).transform(({ role, content, tool_calls }): Message => {
  switch (role) {
    case "developer":
      return { role: "system", content };
    case "tool":
      return { role: "user", content: outputText(content) };
    default:
      return {
        role,
        content: tool_calls?.length ? callText(tool_calls) : content,
      };
  }
});

/** `POST /v1/chat/completions`. */
export const ChatRequest = z.strictObject({
  model: z.string().max(256),
  messages: z.array(ChatMessage).min(1).max(10_000),
  max_tokens: tokens.nullish(),
  max_completion_tokens: tokens.nullish(),
  n: orNull(choices),
  stop: stops,
  modalities: z.tuple([z.literal("text")]).nullish(),
  response_format: ResponseFormat.nullish(),
  logprobs: orNull(z.boolean().default(false)),
  top_logprobs: z.int().min(0).max(20).nullish(),
  reasoning_effort: ReasoningEffort,
  tools: z.array(FunctionTool).max(128).nullish()
    .transform((tools) => tools ?? []),
  tool_choice: NamedChoice,
  ...sampling,
  ...stream,
  ...native,
  ...ignored,
  ...refusedInChats,
}).refine(({ logprobs, top_logprobs }) => logprobs || !top_logprobs, {
  path: ["top_logprobs"],
  error: "needs logprobs",
}).refine(canChoose, NO_CHOICE).transform((
  { reasoning_effort, response_format, ...request },
) => ({
  ...request,
  grammar: grammarOf(
    response_format?.type,
    response_format?.type === "json_schema"
      ? response_format.json_schema
      : undefined,
  ),
  effort: reasoning_effort,
  logprobs: request.logprobs ? request.top_logprobs ?? 0 : undefined,
  max_tokens: request.max_completion_tokens ?? request.max_tokens ??
    ANSWER_TOKENS,
})).openapi("ChatCompletionRequest");
/** `POST /v1/chat/completions`, parsed. */
export type ChatRequest = z.output<typeof ChatRequest>;

const TokenList = z.array(z.int().min(0)).min(1).max(TEXT_LIMIT);

/** `POST /v1/completions`. */
export const CompletionRequest = z.strictObject({
  model: z.string().max(256),
  prompt: z.union([
    text,
    z.array(text).min(1).max(16),
    TokenList,
    z.array(TokenList).min(1).max(16),
  ]).nullish().transform((prompt) => prompt ?? ""),
  max_tokens: orNull(tokens.default(16)),
  n: orNull(choices),
  best_of: z.int().min(1).max(16).nullish(),
  echo: orNull(z.boolean().default(false)),
  suffix: z.literal("").nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  stop: stops,
  ...sampling,
  ...stream,
  ...native,
  user: z.unknown().optional(),
}).refine(({ n, best_of }) => (best_of ?? n) >= n, {
  path: ["best_of"],
  error: "is less than n",
}).refine(({ n, best_of, stream }) => !stream || (best_of ?? n) === n, {
  path: ["best_of"],
  error: "cannot be streamed: the best is known at the end",
}).transform(({ logprobs, best_of, ...request }) => ({
  ...request,
  logprobs: logprobs ?? undefined,
  best_of: best_of ?? request.n,
})).openapi("CompletionRequest");
/** `POST /v1/completions`, parsed. */
export type CompletionRequest = z.output<typeof CompletionRequest>;
