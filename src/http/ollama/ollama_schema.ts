/**
 * What Ollama's routes take. Any optional field may be `null`; fields that nobody
 * knows are ignored and named; fields of the native API are added.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Effort } from "../../chat/thought/thinking.ts";
import type { Grammar } from "../../grammar/grammar.ts";
import { JsonSchema, schemaGrammar } from "../fields/grammar_fields.ts";
import {
  type CarryingMessage,
  pastCall,
  shortId,
} from "../request/carried_conversation.ts";
import { stops, text } from "../fields/text_fields.ts";
import { closedObject } from "../fields/closed_object.ts";
import { ANSWER_TOKENS, MOST_TOKENS } from "../fields/answer_length.ts";
import { nativeFields } from "../fields/native_fields.ts";
import { lenientSampling } from "../fields/sampling_fields.ts";
import { StatePlace } from "../fields/state_place.ts";
import { tokenIn } from "../request/state_ids.ts";
import { FunctionTools } from "../fields/tool_fields.ts";
import { list, MOST_MESSAGES } from "../fields/long_lists.ts";

/** Which model; the tag that Ollama adds to every name is none of ours. */
const OllamaModelName = z.string().max(256).optional()
  .transform((name) => name?.replace(/:latest$/, "") || undefined);

/** Settings of how a model is loaded or run, which is the operator's to say. */
const loading = Object.fromEntries(
  [
    "numa",
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "low_vram",
    "f16_kv",
    "logits_all",
    "vocab_only",
    "use_mmap",
    "use_mlock",
    "embedding_only",
    "num_thread",
    "num_keep",
  ].map((name) => [name, z.unknown().optional()]),
);

const { temperature, top_k, top_p, min_p, seed, logit_bias } = lenientSampling;
const { presence_penalty, frequency_penalty, penalty_decay } = lenientSampling;

/** `options`. Those without a counterpart here are ignored and named. */
const OllamaOptions = closedObject({
  num_predict: z.int().min(-2).optional().describe(
    "Maximum number of tokens to generate; -1 and -2 for the server's maximum",
  ),
  stop: stops,
  temperature,
  top_k,
  top_p,
  min_p,
  seed,
  presence_penalty,
  frequency_penalty,
  penalty_decay,
  logit_bias,
  ...loading,
}).prefault({});

const Think = z.union([
  z.boolean(),
  z.enum(["low", "medium", "high", "max"]),
]).optional().transform((think): Effort | undefined => {
  if (typeof think === "boolean") return think ? "medium" : "none";
  return think === "max" ? "high" : think;
});

const OllamaFormat = z.union([z.enum(["", "json"]), JsonSchema]).optional()
  .transform((format): Grammar | undefined => {
    if (format === undefined || format === "") return undefined;
    return format === "json"
      ? { type: "json" }
      : schemaGrammar({ schema: format });
  });

const Images = z.array(z.unknown())
  .max(0, "images are not taken: the model reads text").optional();

const common = {
  model: OllamaModelName,
  stream: z.boolean().default(true),
  format: OllamaFormat,
  think: Think,
  options: OllamaOptions,
  keep_alive: z.unknown().optional()
    .describe("Accepted and ignored: the server decides"),
  logprobs: z.boolean().default(false),
  top_logprobs: z.int().min(0).max(20).optional(),
  ...nativeFields,
};

/** What both kinds of requests come to. */
function answered<
  T extends {
    readonly options: z.output<typeof OllamaOptions>;
    readonly format: Grammar | undefined;
    readonly think: Effort | undefined;
    readonly logprobs: boolean;
    readonly top_logprobs?: number | undefined;
  },
>({ options, format, think, logprobs, top_logprobs, ...request }: T) {
  const { num_predict, stop, ...drawing } = options;
  const most = num_predict ?? ANSWER_TOKENS;
  return {
    ...request,
    ...drawing,
    stop,
    grammar: format,
    effort: think,
    logprobs: logprobs ? top_logprobs ?? 0 : undefined,
    max_tokens: most < 0 ? MOST_TOKENS : Math.min(most, MOST_TOKENS),
  };
}

const Called = closedObject({
  id: z.string().optional(),
  type: z.unknown().optional(),
  function: closedObject({
    name: z.string(),
    arguments: z.unknown(),
    index: z.unknown().optional(),
    description: z.unknown().optional(),
  }),
});

/** A message of a chat, and the state in it. */
export const OllamaMessage = closedObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  // Some clients send an empty list where there is no text.
  content: z.union([text, z.array(z.unknown()).max(0).transform(() => "")])
    .default(""),
  thinking: text.optional(),
  images: Images,
  tool_calls: z.array(Called).max(128).default([]),
  tool_name: z.string().optional(),
  name: z.string().optional(),
  tool_call_id: z.string().optional(),
  state: z.string().optional(),
}).transform((given): CarryingMessage => {
  const { role, content, thinking, tool_calls: calls, state } = given;
  const name = given.tool_name ?? given.name;
  switch (role) {
    case "assistant":
      return {
        message: {
          role,
          content,
          ...(calls.length > 0 && {
            calls: calls.map(({ id, function: call }) =>
              pastCall({ id, name: call.name, arguments: call.arguments ?? {} })
            ),
          }),
          ...(thinking && { reasoning: thinking }),
        },
        state: state ||
          calls.map(({ id }) => tokenIn(id)).find((token) => token),
      };
    case "tool":
      return {
        message: {
          role,
          content,
          ...shortId("callId", given.tool_call_id),
          ...(name !== undefined && { name }),
        },
      };
    case "developer":
      return { message: { role: "system", content } };
    default:
      return { message: { role, content } };
  }
});

/** `POST /api/chat`. */
export const OllamaChatRequest = closedObject({
  ...common,
  messages: list(OllamaMessage).max(MOST_MESSAGES).default([]),
  tools: FunctionTools,
  state_in: StatePlace.optional(),
}).transform(answered).openapi("OllamaChatRequest");
/** `POST /api/chat`, parsed. */
export type OllamaChatRequest = z.output<typeof OllamaChatRequest>;

/** Integers of 32 bits, checked at once: there are as many as a state has. */
const Context = z.custom<readonly number[]>(
  (value) =>
    Array.isArray(value) && value.every((number) => number === (number | 0)),
  "is no list of integers of 32 bits",
).openapi({ type: "array", items: { type: "integer", format: "int32" } });

/** `POST /api/generate`. */
export const OllamaGenerateRequest = closedObject({
  ...common,
  prompt: text.default(""),
  system: text.optional(),
  suffix: z.string().max(0, "is not supported: the model fills no gaps")
    .optional(),
  images: Images,
  raw: z.boolean().default(false),
  context: Context.optional()
    .transform((numbers) => numbers?.length ? numbers : undefined)
    .describe("`context` of the previous answer, which is the state"),
}).transform(answered).openapi("OllamaGenerateRequest");
/** `POST /api/generate`, parsed. */
export type OllamaGenerateRequest = z.output<typeof OllamaGenerateRequest>;

/** `POST /api/show`. */
export const OllamaShowRequest = closedObject({
  model: OllamaModelName,
  name: OllamaModelName,
  verbose: z.unknown().optional(),
  system: z.unknown().optional(),
  template: z.unknown().optional(),
  options: z.unknown().optional(),
}).openapi("OllamaShowRequest");
