/**
 * What `POST /v1/responses` takes. Source: OpenAI's API reference, Responses.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { outputText } from "../../chat/tools.ts";
import { Initial, StateCodec, StateProfile } from "../native/schema.ts";
import { ignored, refusedInResponses } from "./fields.ts";
import {
  Content,
  NamedSchema,
  orNull,
  ReasoningEffort,
  sampling,
  tokens,
} from "./schema.ts";
import {
  canChoose,
  FlatCall,
  FlatChoice,
  FlatTool,
  NO_CHOICE,
} from "./tool_schema.ts";

/** A message, with or without its type. */
const MessageItem = z.object({
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: Content,
  id: z.string().nullish(),
  status: z.string().nullish(),
  phase: z.unknown().optional(),
}).transform(({ role, content }) => ({
  type: "message" as const,
  role: role === "developer" ? "system" as const : role,
  content,
}));

/** What carries a state where the client keeps the items itself. */
const ReasoningItem = z.object({
  type: z.literal("reasoning"),
  encrypted_content: z.string().nullish(),
  id: z.string().nullish(),
  summary: z.unknown().optional(),
  content: z.unknown().optional(),
  status: z.string().nullish(),
});

/** What a function gave, which the user says. */
const OutputItem = z.object({
  type: z.literal("function_call_output"),
  call_id: z.string(),
  output: Content,
  id: z.string().nullish(),
  status: z.string().nullish(),
}).transform(({ output }) => ({
  type: "message" as const,
  role: "user" as const,
  content: outputText(output),
}));

/** What an answer may be; a schema stands beside its name. */
const TextFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  NamedSchema.extend({ type: z.literal("json_schema") }),
]);

/** `POST /v1/responses`. */
export const ResponsesRequest = z.strictObject({
  model: z.string().max(256),
  input: z.union([
    Content.transform((content) => [
      { type: "message" as const, role: "user" as const, content },
    ]).refine(([{ content }]) => content !== "", "is empty"),
    z.array(z.union([MessageItem, ReasoningItem, FlatCall, OutputItem]))
      .min(1).max(10_000),
  ]),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  include: z.array(z.string()).nullish(),
  stream: orNull(z.boolean().default(false)),
  stream_options: z.object({ include_obfuscation: z.boolean().optional() })
    .nullish(),
  max_output_tokens: orNull(tokens.default(1024)),
  reasoning: z.looseObject({ effort: ReasoningEffort }).nullish()
    .transform((reasoning) => reasoning?.effort),
  text: z.object({
    format: TextFormat.optional(),
    verbosity: z.unknown().optional(),
  }).nullish(),
  tools: z.array(FlatTool).max(128).nullish()
    .transform((tools) => tools ?? []),
  tool_choice: FlatChoice,
  max_tool_calls: z.int().min(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  background: z.literal(false).nullish(),
  temperature: sampling.temperature,
  top_p: sampling.top_p,
  state: z.string().nullish(),
  initial: Initial.nullish(),
  state_codec: StateCodec,
  state_profile: StateProfile,
  ...ignored,
  ...refusedInResponses,
  store: orNull(z.boolean().default(true)),
}).refine(canChoose, NO_CHOICE).openapi("ResponsesRequest");
/** `POST /v1/responses`, parsed. */
export type ResponsesRequest = z.output<typeof ResponsesRequest>;
