/**
 * What llama.cpp's routes take. Any optional field may be `null`; fields that nobody
 * knows are ignored and named; fields of the native API are added.
 *
 * @module
 */

import { tokensOf } from "../fields/answer_length.ts";
import { z } from "@hono/zod-openapi";
import type { Grammar } from "../../grammar/grammar.ts";
import { JsonSchema, schemaGrammar } from "../fields/grammar_fields.ts";
import {
  modelName,
  stops,
  text,
  TEXT_LIMIT,
  TOKEN_LIMIT,
} from "../fields/text_fields.ts";
import { list } from "../fields/long_lists.ts";
import { closedObject } from "../fields/closed_object.ts";
import { nativeFields } from "../fields/native_fields.ts";
import { lenientSampling } from "../fields/sampling_fields.ts";

const LlamaToken = z.int().min(0);

/** Text, tokens, or texts and tokens in a row. */
export const LlamaPrompt = z.union([
  text,
  list(z.union([LlamaToken, text])).max(TOKEN_LIMIT),
  closedObject({ prompt_string: text }).transform(({ prompt_string }) =>
    prompt_string
  ),
]).refine(
  (prompt) =>
    typeof prompt === "string" || prompt.length < 2 ||
    prompt.some((piece) => typeof piece === "number"),
  "has several prompts: send each in a request of its own",
);

/** `false` takes a token from those that can be drawn, as far as a bias can. */
const NEVER = -100;

/** Entries of `logit_bias`. */
const MOST_BIASES = 1024;

const PromptPiece = z.string().max(256);

/** Biases of tokens, by their ids, or by texts, of all tokens in them. */
const LogitBias = z.union([
  z.record(PromptPiece, z.number()).transform((biases) =>
    Object.entries(biases)
  ),
  z.array(z.tuple([
    z.union([LlamaToken, PromptPiece]),
    z.union([z.number(), z.literal(false)]),
  ])).transform((pairs) =>
    pairs.map(([piece, bias]): [string, number] => [
      String(piece),
      bias === false ? NEVER : bias,
    ])
  ),
]).default([]).refine(
  ({ length }) => length <= MOST_BIASES,
  `has more than ${MOST_BIASES} entries`,
).transform((pairs) =>
  pairs.map(([piece, bias]): [string, number] => [
    piece,
    Math.min(100, Math.max(-100, bias)),
  ])
);

const { logit_bias: _, ...drawing } = lenientSampling;

/** `POST /completion`. */
export const LlamaCompletionRequest = closedObject({
  model: modelName,
  prompt: LlamaPrompt.default(""),
  n: z.int().min(1).max(16).default(1)
    .describe(
      "Number of answers; several are returned as a list, or streamed by index",
    ),
  n_predict: z.int().min(-2).optional().describe(
    "Maximum number of tokens to generate; negative for the server's maximum",
  ),
  stop: stops,
  stream: z.boolean().default(false),
  grammar: z.string().max(TEXT_LIMIT).optional()
    .describe("Grammar of the answer in GBNF"),
  json_schema: JsonSchema.optional(),
  n_probs: z.int().min(0).max(20).default(0),
  logit_bias: LogitBias,
  cache_prompt: z.unknown().optional(),
  id_slot: z.unknown().optional(),
  return_tokens: z.boolean().default(false),
  timings_per_token: z.unknown().optional(),
  t_max_predict_ms: z.unknown().optional(),
  n_keep: z.unknown().optional(),
  ...drawing,
  ...nativeFields,
}).transform(({ n_predict, n_probs, grammar, json_schema, ...request }) => ({
  ...request,
  n_probs,
  logprobs: n_probs > 0 || request.return_tokens ? n_probs : undefined,
  grammar: llamaGrammar(grammar, json_schema),
  max_tokens: tokensOf(n_predict),
})).openapi("LlamaCompletionRequest");
/** `POST /completion`, parsed. */
export type LlamaCompletionRequest = z.output<typeof LlamaCompletionRequest>;

function llamaGrammar(
  rules: string | undefined,
  schema: Readonly<Record<string, unknown>> | undefined,
): Grammar | undefined {
  if (schema !== undefined) return schemaGrammar({ schema });
  return rules ? { type: "ebnf", rules } : undefined;
}

/** `POST /tokenize`, llama.cpp's and vLLM's. */
export const RootTokenizeRequest = closedObject({
  model: modelName,
  content: text.optional(),
  prompt: text.optional(),
  add_special: z.boolean().default(false),
  add_special_tokens: z.boolean().default(false),
  parse_special: z.unknown().optional(),
  with_pieces: z.boolean().default(false),
  return_token_strs: z.boolean().default(false),
}).refine(
  ({ content, prompt }) => (content === undefined) !== (prompt === undefined),
  "takes either content or prompt",
).openapi("RootTokenizeRequest");

/** `POST /detokenize`, llama.cpp's and vLLM's. */
export const RootDetokenizeRequest = closedObject({
  model: modelName,
  tokens: list(LlamaToken).max(TOKEN_LIMIT),
}).openapi("RootDetokenizeRequest");

/** `POST /slots/{id}`. */
export const SlotRequest = closedObject({
  model: modelName,
  filename: z.string().optional()
    .describe("File name; for restore, the state"),
  prompt: LlamaPrompt.optional().describe("Text to read before saving"),
  state: nativeFields.state,
  state_codec: nativeFields.state_codec,
  state_profile: nativeFields.state_profile,
  renewable: nativeFields.renewable,
  transcript: nativeFields.transcript,
  on_mismatch: nativeFields.on_mismatch,
}).openapi("SlotRequest");
