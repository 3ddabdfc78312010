/**
 * The native API as the data it takes and gives. Every bound is here and nowhere
 * else.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { CODEC_NAMES } from "../../state/codec.ts";

/** Characters in one prompt or message. */
export const TEXT_LIMIT = 1 << 20;

const text = z.string().max(TEXT_LIMIT);

/** `model`: which one is meant; OpenAI's routes want it always. */
export const ModelName = z.string().max(256).optional()
  .describe("The model; absent: the one that made the state, or the first");

/** How a returned state is written. */
export const StateCodec = z.enum([...CODEC_NAMES, "none"]).default("int8")
  .describe("How the returned state is written; none: not");

/** How a returned state is protected. */
export const StateProfile = z.enum(["sealed", "portable"]).default("sealed")
  .describe("portable: unencrypted, where the operator allows it");

/** One message. */
export const RequestMessage = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: text,
}).openapi("Message");

/** How the next token is drawn, as the request's own fields. */
export const samplingFields = {
  temperature: z.number().min(0).max(4).default(1)
    .describe("0 always takes the likeliest token"),
  top_k: z.int().min(0).max(1 << 20).default(0)
    .describe("Keep so many likeliest tokens; 0 keeps all"),
  top_p: z.number().min(0).max(1).default(1)
    .describe("Keep the fewest likeliest tokens of this probability"),
  min_p: z.number().min(0).max(1).default(0)
    .describe("Keep tokens of this share of the likeliest one's probability"),
  presence_penalty: z.number().min(-2).max(2).default(0)
    .describe("Subtracted from the logit of each token drawn before"),
  frequency_penalty: z.number().min(-2).max(2).default(0)
    .describe("The same, times how often it was drawn"),
  penalty_decay: z.number().min(0).max(1).default(0.996)
    .describe("How fast draws are forgotten, per token"),
  seed: z.int().min(0).optional()
    .describe("Same seed, same text; absent: the state's, or a random one"),
  logit_bias: z.record(
    z.string().regex(/^\d{1,7}$/, "is not a token id"),
    z.number().min(-100).max(100),
  ).default({}).describe("Added to logits, by token id"),
};

/** `stop`: one text or several. */
export const Stop = z.union([
  z.string().min(1).max(256),
  z.array(z.string().min(1).max(256)).max(16),
]).default([]).describe("Texts that end the answer");

/** `bos`: how a text begins that begins with the request. */
export const Bos = z.boolean().optional().describe(
  "Whether a text that begins here begins with the end-of-text token; absent: " +
    "as the model's texts do. Tokens are read as they are",
);

/** Where a text begins, if not in a state. */
export const Initial = z.string().max(64)
  .describe("Begin with this state of the server's; /v1/model lists them");

const written = text.default("")
  .describe("What of it stands written: the text of turns before this one");

/** A JSON schema, an object. */
export const JsonSchema = z.record(z.string(), z.unknown());

/** `grammar`: what the answer may be. */
export const GrammarField = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("json"), written })
    .describe("Any JSON object, in one line"),
  z.strictObject({
    type: z.literal("json_schema"),
    schema: JsonSchema.describe("The JSON schema of the answer"),
    strict: z.boolean().default(true)
      .describe("Only properties and items that the schema names"),
    written,
  }),
  z.strictObject({
    type: z.literal("regex"),
    pattern: z.string().describe("Matches the whole answer"),
    written,
  }),
  z.strictObject({
    type: z.literal("ebnf"),
    rules: z.string().describe("Rules `name ::= …`, one of them `root`"),
    written,
  }),
]);

/** `POST /v1/generate`. */
export const GenerateRequest = z.strictObject({
  model: ModelName,
  prompt: text.optional()
    .describe("Text to append to the conversation, verbatim"),
  messages: z.array(RequestMessage).min(1).max(10_000).optional()
    .describe("Instead of a prompt: the messages not read yet"),
  state: z.string().optional()
    .describe("What an earlier answer returned; absent to start afresh"),
  initial: Initial.optional(),
  bos: Bos,
  max_tokens: z.int().min(0).max(1 << 16).default(256)
    .describe("0 reads the prompt and returns the state alone"),
  ...samplingFields,
  stop: Stop,
  grammar: GrammarField.optional()
    .describe("What the answer may be; it ends where it is whole"),
  stream: z.boolean().default(false).describe("Answer as server-sent events"),
  state_codec: StateCodec,
  state_profile: StateProfile,
}).refine(
  ({ prompt, messages }) => (prompt === undefined) !== (messages === undefined),
  "takes either prompt or messages",
).refine(
  ({ prompt, grammar }) => prompt !== undefined || !grammar?.written,
  { path: ["grammar", "written"], error: "needs a prompt, if an empty one" },
).openapi("GenerateRequest");
/** `POST /v1/generate`, parsed: every default filled in. */
export type GenerateRequest = z.infer<typeof GenerateRequest>;

/** What an answer cost. */
export const Usage = z.object({
  prompt_tokens: z.int().describe("Tokens of the prompt"),
  completion_tokens: z.int().describe("Tokens drawn"),
  position: z.int().describe("Tokens the state has read since it was blank"),
  prefill_saved_tokens: z.int()
    .describe("Tokens that this turn did not have to read again"),
}).openapi("Usage");

/** Milliseconds. */
export const Timings = z.object({
  open_ms: z.number().describe("Opening the state sent"),
  prefill_ms: z.number().describe("Reading the prompt"),
  decode_ms: z.number().describe("Writing the answer"),
  seal_ms: z.number().describe("Writing the state returned"),
}).openapi("Timings");

/** The answer of `POST /v1/generate`. */
export const GenerateResponse = z.object({
  id: z.string(),
  object: z.literal("generation"),
  model: z.string(),
  text: z.string(),
  finish_reason: z.enum(["stop", "length", "cancelled"]),
  usage: Usage,
  state: z.string().optional()
    .describe("Send it with the next request to go on from here"),
  state_bytes: z.int().optional().describe("Size of the state as sent"),
  state_codec: z.string().optional()
    .describe(
      "How it is written: exact where the one asked for cannot hold it",
    ),
  timings: Timings,
}).openapi("GenerateResponse");
/** The answer of `POST /v1/generate`. */
export type GenerateResponse = z.infer<typeof GenerateResponse>;

/** One event of a streamed answer. */
export const GenerateEvent = z.union([
  z.object({ type: z.literal("text"), text: z.string() }),
  GenerateResponse.omit({ text: true }).extend({ type: z.literal("done") }),
  z.object({ type: z.literal("problem") }).loose()
    .describe("The members of Problem"),
]).openapi("GenerateEvent");

/** `POST /v1/tokenize`. */
export const TokenizeRequest = z.strictObject({
  model: ModelName,
  text,
  bos: z.boolean().optional()
    .describe(
      "Whether the end-of-text token that may begin a text comes first",
    ),
})
  .openapi("TokenizeRequest");
/** The answer of `POST /v1/tokenize`. */
export const TokenizeResponse = z.object({
  tokens: z.array(z.int()),
  bos: z.boolean()
    .describe("Whether this model's texts begin with the end-of-text token"),
})
  .openapi("TokenizeResponse");

/** `POST /v1/detokenize`. */
export const DetokenizeRequest = z.strictObject({
  model: ModelName,
  tokens: z.array(z.int().min(0)).max(TEXT_LIMIT),
}).openapi("DetokenizeRequest");
/** The answer of `POST /v1/detokenize`. */
export const DetokenizeResponse = z.object({
  text: z.string().describe("Bytes that are no UTF-8 become U+FFFD"),
}).openapi("DetokenizeResponse");
