/**
 * What KoboldCpp's routes take. Any optional field may be `null`; fields that nobody
 * knows are ignored and named; fields of the native API are added.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Grammar } from "../../grammar/grammar.ts";
import { modelName, stops, text, TEXT_LIMIT } from "../fields/text_fields.ts";
import { closedObject } from "../fields/closed_object.ts";
import { nativeFields } from "../fields/native_fields.ts";
import { lenientSampling } from "../fields/sampling_fields.ts";
import { tokensOf } from "../fields/answer_length.ts";

/** Fields of clients that were made for KoboldAI; off, or without a meaning here. */
const ignored = {
  max_context_length: z.unknown().optional(),
  quiet: z.unknown().optional(),
  trim_stop: z.literal(true).optional(),
  use_authors_note: z.unknown().optional(),
  use_default_badwordsids: z.unknown().optional(),
  use_memory: z.unknown().optional(),
  use_story: z.unknown().optional(),
  use_world_info: z.unknown().optional(),
};

const { seed: sampler_seed, ...drawing } = lenientSampling;

/** `POST /api/v1/generate` and `/api/extra/generate/stream`. */
export const KoboldGenerateRequest = closedObject({
  model: modelName,
  prompt: text.default(""),
  memory: text.default("")
    .describe("Text before the prompt; ignored if there is a state"),
  max_length: z.int().min(0).optional().describe(
    "Maximum number of tokens to generate",
  ),
  n: z.int().min(1).max(16).default(1),
  stop_sequence: stops,
  sampler_seed,
  genkey: z.string().max(64).default("")
    .describe("Name of the generation for /api/extra/abort"),
  grammar: z.string().max(TEXT_LIMIT).optional()
    .describe("Grammar of the answer in GBNF"),
  images: z.array(z.unknown())
    .max(0, "images are not taken: the model reads text").optional(),
  ...ignored,
  ...drawing,
  ...nativeFields,
}).transform((
  { max_length, stop_sequence, sampler_seed, grammar, ...request },
) => ({
  ...request,
  max_tokens: tokensOf(max_length),
  stop: stop_sequence,
  seed: sampler_seed,
  grammar: grammar
    ? { type: "ebnf", rules: grammar } satisfies Grammar
    : undefined,
})).openapi("KoboldGenerateRequest");
/** `POST /api/v1/generate`, parsed. */
export type KoboldGenerateRequest = z.output<typeof KoboldGenerateRequest>;

/** `POST /api/extra/tokencount`. */
export const KoboldCountRequest = closedObject({
  model: modelName,
  prompt: text.default(""),
  special: z.boolean().default(false),
}).openapi("KoboldCountRequest");

/** `POST /api/extra/abort`. */
export const KoboldAbortRequest = closedObject({
  genkey: z.string().max(64).default(""),
}).openapi("KoboldAbortRequest");
