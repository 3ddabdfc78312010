/**
 * What OpenAI's chats and completions take. Any optional field may be `null`;
 * fields that change nothing here are taken; fields that nobody knows are ignored
 * and named; a few fields of the native API are added.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Grammar } from "../../grammar/grammar.ts";
import { OpenAiMessage } from "./chat_messages.ts";
import { text } from "./content.ts";
import {
  closedObject,
  ignored,
  nullsLeftOut,
  replacedInChats,
} from "./fields.ts";
import {
  canChoose,
  FunctionTools,
  NamedChoice,
  NO_CHOICE,
} from "./tool_schema.ts";
import {
  Bos,
  ContinueFinal,
  Initial,
  JsonLimitsField,
  JsonSchema,
  KeepTranscript,
  OnMismatch,
  Renewable,
  samplingFields,
  StateCodec,
  StateProfile,
  TemplateVariables,
  TOKEN_LIMIT,
} from "../native/schema.ts";
import { list, MOST_MESSAGES } from "../request/long_lists.ts";

/** How many tokens an answer may have if the request does not say. */
export const ANSWER_TOKENS = 1024;

/** How many tokens an answer may have at all. */
export const MOST_TOKENS = 1 << 16;

/** How many tokens an answer may have; -1 stands for as many as may be. */
export const tokens = z.int().min(-1).max(MOST_TOKENS)
  .transform((count) => count < 0 ? MOST_TOKENS : count);

/** Beyond OpenAI's own bound: sliders of clients go further. */
const MOST_TEMPERATURE = 100;

/** Which model; absent: the one that made the state, or the first. */
export const modelName = z.string().max(256).optional()
  .transform((name) => name || undefined);

/** How to draw, with OpenAI's bounds, and the native API's additions. */
export const sampling = {
  ...samplingFields,
  temperature: z.number().min(0).max(MOST_TEMPERATURE).optional()
    .describe(
      "Sampling temperature; 0 always picks the most likely token; defaults to " +
        "the model's, or 1",
    ),
  top_k: z.preprocess(
    (value) => value === -1 ? 0 : value,
    samplingFields.top_k,
  ),
  seed: z.int().optional().transform((seed) =>
    seed === -1 ? undefined : seed && seed < 0 ? seed + 2 ** 53 : seed
  ),
};

/** Fields of the native API. */
export const native = {
  state: z.string().optional()
    .describe(
      "State returned by an earlier answer; only newer messages are read",
    ),
  initial: Initial.optional(),
  bos: Bos,
  chat_template_kwargs: TemplateVariables,
  continue_final_message: ContinueFinal,
  json_limits: nullsLeftOut(JsonLimitsField),
  state_codec: StateCodec,
  state_profile: StateProfile,
  renewable: Renewable,
  transcript: KeepTranscript,
  on_mismatch: OnMismatch,
};

const stop = z.string().max(256);

/** Clients for role play send several for each who takes part. */
const MOST_STOPS = 64;

/** Texts that end the answer; empty ones end nothing. */
export const stops = z.union([stop, z.array(stop.nullable()).max(MOST_STOPS)])
  .default([])
  .transform((stops) => [stops].flat().filter((text) => Boolean(text)))
  .pipe(z.array(stop));

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

/** The grammar that a JSON schema of a request stands for. */
export function schemaGrammar(
  { schema = {}, strict = false }: {
    readonly schema?: Readonly<Record<string, unknown>> | undefined;
    readonly strict?: boolean | undefined;
  },
): Grammar {
  return { type: "json_schema", schema, strict };
}

/** The grammar of a JSON object. */
export function objectGrammar(
  { schema }: z.output<typeof JsonObject>,
): Grammar {
  return schema === undefined ? { type: "json" } : schemaGrammar({ schema });
}

function grammarOf(
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

/** Where else an answer's state goes. */
export const StatePlace = z.enum(["answer", "message", "ids"]).describe(
  "Where the state is returned: at the top level of the answer, also in the " +
    "message, or also in the ids of its tool calls. Can be set by the header " +
    "gosling-state-in",
);

/** `POST /v1/chat/completions`. */
export const ChatRequest = closedObject({
  model: modelName,
  messages: list(OpenAiMessage).min(1).max(MOST_MESSAGES),
  max_tokens: tokens.optional(),
  max_completion_tokens: tokens.optional(),
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
  ...sampling,
  ...stream,
  ...native,
  ...ignored,
  ...replacedInChats,
}).refine(({ logprobs, top_logprobs }) => logprobs || !top_logprobs, {
  path: ["top_logprobs"],
  error: "needs logprobs",
}).refine(canChoose, NO_CHOICE).transform((
  { reasoning_effort, response_format, ...request },
) => ({
  ...request,
  grammar: grammarOf(response_format),
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
  max_tokens: tokens.default(16),
  n: choices,
  best_of: z.int().min(1).max(16).optional(),
  echo: z.boolean().default(false),
  suffix: z.literal("").optional(),
  logprobs: z.int().min(0).max(20).optional(),
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
  logprobs,
  best_of: best_of ?? request.n,
})).openapi("CompletionRequest");
/** `POST /v1/completions`, parsed. */
export type CompletionRequest = z.output<typeof CompletionRequest>;
