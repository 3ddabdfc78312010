/**
 * The native API as the data it takes and gives. Every bound is here and nowhere
 * else.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { CODEC_NAMES } from "../../state/codec.ts";
import { MOST_VALUES } from "../request/json_amount.ts";
import { list, MOST_MESSAGES, table } from "../request/long_lists.ts";

/** Characters in one prompt or message. */
export const TEXT_LIMIT = 1 << 20;

/** Tokens in one list. */
export const TOKEN_LIMIT: number = MOST_VALUES;

const text = z.string().max(TEXT_LIMIT);

/** `model`: which one is meant; OpenAI's routes want it always. */
export const ModelName = z.string().max(256).optional()
  .describe(
    "Name of the model; defaults to the one that made the state, else the first",
  );

/** How a returned state is written. */
export const StateCodec = z.enum([...CODEC_NAMES, "none"]).default("int8")
  .describe("Codec of the returned state; `none` omits it");

/** How a returned state is protected. */
export const StateProfile = z.enum(["sealed", "portable"]).default("sealed")
  .describe(
    "Protection of the returned state; `portable` is unencrypted and must be allowed by the operator",
  );

/** Whether what is made of a returned state may outlive it. */
export const Renewable = z.boolean().optional().describe(
  "Whether states made of the returned one may outlive it, which is the default; " +
    "needs a server whose states expire",
);

/** Whether a returned state has a transcript. */
export const KeepTranscript = z.boolean().optional().describe(
  "Whether the returned state has a transcript of all that it has read; defaults " +
    "to whether the given one has, and false for a new text",
);

/** What becomes of a state of another model. */
export const OnMismatch = z.enum(["refuse", "rebase"]).optional().describe(
  "What becomes of a state of another model: an error, or, if it has a " +
    "transcript, the text is read anew first; defaults to the server's setting",
);

/** What became of a state of another model. */
export const Rebased = z.object({
  from: z.string().describe("Fingerprint of the model that made the state"),
  tokens: z.int().describe("Tokens read anew"),
  ms: z.number().describe("Milliseconds that it took"),
}).openapi("Rebased");

/** One message. */
export const RequestMessage = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: text,
}).openapi("Message");

const TOKEN_ID = /^\d{1,7}$/;

/** How the next token is drawn, as the request's own fields. */
export const samplingFields = {
  temperature: z.number().min(0).max(4).optional().describe(
    "Sampling temperature; 0 always picks the most likely token; defaults to " +
      "the model's, or 1",
  ),
  top_k: z.int().min(0).max(1 << 20).optional().describe(
    "Sample from the k most likely tokens; 0 disables the limit; defaults to " +
      "the model's, or 0",
  ),
  top_p: z.number().min(0).max(1).optional().describe(
    "Sample from the smallest set of tokens whose probability exceeds this; " +
      "defaults to the model's, or 1",
  ),
  min_p: z.number().min(0).max(1).optional().describe(
    "Minimum probability relative to the most likely token; defaults to the " +
      "model's, or 0",
  ),
  presence_penalty: z.number().min(-2).max(2).optional().describe(
    "Subtracted from the logits of tokens sampled before; defaults to the " +
      "model's, or 0",
  ),
  frequency_penalty: z.number().min(-2).max(2).optional().describe(
    "Subtracted from the logits of tokens sampled before, once per " +
      "occurrence; defaults to the model's, or 0",
  ),
  penalty_decay: z.number().min(0).max(1).optional().describe(
    "Decay of the penalties per token; defaults to the model's, or 0.996 (1 on " +
      "OpenAI's routes)",
  ),
  seed: z.int().min(0).optional()
    .describe(
      "Seed of the sampler; defaults to that of the state, else random",
    ),
  logit_bias: table(
    z.string().regex(TOKEN_ID, "is not a token id"),
    z.number().min(-100).max(100),
    (id, bias) =>
      TOKEN_ID.test(id) && typeof bias === "number" && Math.abs(bias) <= 100,
  ).default({}).describe("Bias added to logits, by token id"),
};

/** `stop`: one text or several. */
export const Stop = z.union([
  z.string().min(1).max(256),
  z.array(z.string().min(1).max(256)).max(16),
]).default([]).describe("Stop sequences; not part of the answer");

/** `chat_template_kwargs`: variables for the model's own template. */
export const TemplateVariables = z.record(z.string(), z.unknown()).optional()
  .describe(
    "Variables of the model's chat template; enable_thinking switches thinking " +
      "in every chat form",
  );
/** Variables for a template. */
export type TemplateVariables = z.infer<typeof TemplateVariables>;

/** `continue_final_message`: what a last message of the assistant's means. */
export const ContinueFinal = z.boolean().optional().describe(
  "Whether the model continues a final assistant message, which is the " +
    "default, or starts a new answer",
);

/** `bos`: how a text begins that begins with the request. */
export const Bos = z.boolean().optional().describe(
  "Whether a new text begins with the end-of-text token; defaults to the " +
    "practice of the model. Prompts given as tokens are read verbatim",
);

/** Where a text begins, if not in a state. */
export const Initial = z.string().max(64)
  .describe("Name of an initial state on this server; /v1/model lists them");

const written = text.default("")
  .describe("Part of the answer generated by earlier turns");

/** A JSON schema, an object. */
export const JsonSchema = z.record(z.string(), z.unknown());

/** `json_limits`: how long values are under a grammar of JSON. */
export const JsonLimitsField = z.strictObject({
  string: z.int().min(1).max(1 << 16).optional()
    .describe("Characters of a string"),
  digits: z.int().min(1).max(20).optional()
    .describe("Digits of a number before its point, and behind it"),
}).optional().describe(
  "Limits of JSON values that the schema does not bound; defaults to the " +
    "server's, or half of max_tokens (512 to 4096) and 20",
);

/** `grammar`: what the answer may be. */
export const GrammarField = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("json"), written })
    .describe("Any JSON object, on one line"),
  z.strictObject({
    type: z.literal("json_schema"),
    schema: JsonSchema.describe("JSON schema of the answer"),
    strict: z.boolean().default(true)
      .describe("Allow only properties and items that the schema names"),
    written,
  }),
  z.strictObject({
    type: z.literal("regex"),
    pattern: z.string().describe(
      "Regular expression that the whole answer matches",
    ),
    written,
  }),
  z.strictObject({
    type: z.literal("ebnf"),
    rules: z.string().describe(
      "Rules of the form `name ::= …`, including `root`",
    ),
    written,
  }),
]);

/** `POST /v1/generate`. */
export const GenerateRequest = z.strictObject({
  model: ModelName,
  prompt: text.optional()
    .describe("Text to append to the conversation, verbatim"),
  messages: list(RequestMessage).min(1).max(MOST_MESSAGES).optional()
    .describe("Messages that have not been read yet, in place of `prompt`"),
  state: z.string().optional()
    .describe(
      "State returned by an earlier answer; omit it to start a new text",
    ),
  initial: Initial.optional(),
  bos: Bos,
  chat_template_kwargs: TemplateVariables,
  continue_final_message: ContinueFinal,
  max_tokens: z.int().min(0).max(1 << 16).default(256)
    .describe("Maximum number of tokens to generate; 0 only reads the prompt"),
  ...samplingFields,
  stop: Stop,
  grammar: GrammarField.optional()
    .describe("Grammar of the answer; a complete answer ends the turn"),
  json_limits: JsonLimitsField,
  stream: z.boolean().default(false).describe(
    "Stream the answer as server-sent events",
  ),
  state_codec: StateCodec,
  state_profile: StateProfile,
  renewable: Renewable,
  transcript: KeepTranscript,
  on_mismatch: OnMismatch,
}).refine(
  ({ prompt, messages }) => (prompt === undefined) !== (messages === undefined),
  "takes either prompt or messages",
).refine(
  ({ prompt, grammar }) => prompt !== undefined || !grammar?.written,
  {
    path: ["grammar", "written"],
    error: "requires a prompt, which may be empty",
  },
).openapi("GenerateRequest");
/** `POST /v1/generate`, parsed: every default filled in. */
export type GenerateRequest = z.infer<typeof GenerateRequest>;

/** What an answer of any dialect says of its schema and of the state it went on from. */
export const REPORT = {
  retries: z.int().optional().describe(
    "How often the answer went back from where its schema allowed no token; " +
      "absent: never",
  ),
  rebased: Rebased.optional().describe(
    "Present if the state was another model's and its text was read anew",
  ),
};

/** What an answer cost. */
export const Usage = z.object({
  prompt_tokens: z.int().describe("Tokens of the prompt"),
  completion_tokens: z.int().describe("Tokens generated"),
  position: z.int().describe("Tokens the state has read in total"),
  prefill_saved_tokens: z.int()
    .describe("Tokens read by earlier turns, and not again by this one"),
}).openapi("Usage");

/** Milliseconds. */
export const Timings = z.object({
  open_ms: z.number().describe("Opening the given state"),
  prefill_ms: z.number().describe("Reading the prompt"),
  decode_ms: z.number().describe("Generating the answer"),
  seal_ms: z.number().describe("Sealing the returned state"),
}).openapi("Timings");

/** The answer of `POST /v1/generate`. */
export const GenerateResponse = z.object({
  id: z.string(),
  object: z.literal("generation"),
  model: z.string(),
  text: z.string(),
  reasoning: z.string().optional()
    .describe("Reasoning that precedes the text"),
  finish_reason: z.enum(["stop", "length", "cancelled"]),
  ...REPORT,
  usage: Usage,
  state: z.string().optional()
    .describe("Send it with the next request to continue"),
  state_bytes: z.int().optional().describe(
    "Size of the returned state in bytes",
  ),
  state_codec: z.string().optional()
    .describe(
      "Codec of the returned state: `exact` if the requested one cannot represent it",
    ),
  timings: Timings,
}).openapi("GenerateResponse");
/** The answer of `POST /v1/generate`. */
export type GenerateResponse = z.infer<typeof GenerateResponse>;

/** One event of a streamed answer. */
export const GenerateEvent = z.union([
  z.object({
    type: z.literal("text"),
    text: z.string(),
    reasoning: z.string().optional().describe("Next piece of the reasoning"),
  }),
  z.object({
    type: z.literal("rebase"),
    read: z.int().describe("Tokens read anew so far"),
    of: z.int().describe("About how many there are"),
  }).describe("Progress, before any text"),
  GenerateResponse.omit({ text: true }).extend({ type: z.literal("done") }),
  z.object({ type: z.literal("problem") }).loose()
    .describe("Has the members of Problem"),
]).openapi("GenerateEvent");

/** `POST /v1/tokenize`. */
export const TokenizeRequest = z.strictObject({
  model: ModelName,
  text,
  bos: z.boolean().optional()
    .describe(
      "Whether to prepend the end-of-text token",
    ),
})
  .openapi("TokenizeRequest");
/** The answer of `POST /v1/tokenize`. */
export const TokenizeResponse = z.object({
  tokens: z.array(z.int()),
  bos: z.boolean()
    .describe("Whether texts of this model begin with the end-of-text token"),
})
  .openapi("TokenizeResponse");

/** `POST /v1/detokenize`. */
export const DetokenizeRequest = z.strictObject({
  model: ModelName,
  tokens: list(z.int().min(0)).max(TOKEN_LIMIT),
}).openapi("DetokenizeRequest");
/** The answer of `POST /v1/detokenize`. */
export const DetokenizeResponse = z.object({
  text: z.string().describe("Decoded text; invalid UTF-8 becomes U+FFFD"),
}).openapi("DetokenizeResponse");
