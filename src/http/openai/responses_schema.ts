/**
 * What `POST /v1/responses` takes. Source: OpenAI's API reference, Responses.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { modelName, stops, TEXT_LIMIT } from "../fields/text_fields.ts";
import { list, MOST_MESSAGES } from "../fields/long_lists.ts";
import { Content } from "./message_content.ts";
import {
  closedObject,
  ignorable,
  nullsLeftOut,
} from "../fields/closed_object.ts";
import { ignored, refusedInResponses } from "./ignored_fields.ts";
import { JsonObject, namedSchema, ReasoningEffort } from "./chat_schema.ts";
import { nativeFields } from "../fields/native_fields.ts";
import { lenientSampling } from "../fields/sampling_fields.ts";
import { StatePlace } from "../fields/state_place.ts";
import { AnswerTokens } from "../fields/answer_length.ts";
import { canChoose, NO_CHOICE } from "../fields/tool_fields.ts";
import { CustomCall, FlatCall, FlatChoice, FlatTools } from "./tool_schema.ts";

/** A message, with or without its type. */
const MessageItem = z.strictObject({
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: Content.default(""),
  id: z.string().optional(),
  status: z.string().optional(),
  phase: z.unknown().optional(),
}).transform(({ role, content, id }) => ({
  type: "message" as const,
  id,
  role: role === "developer" ? "system" as const : role,
  content,
}));

/** What carries a state where the client keeps the items itself. */
const ReasoningItem = z.strictObject({
  type: z.literal("reasoning"),
  encrypted_content: z.string().optional(),
  id: z.string().optional(),
  summary: Content.optional(),
  content: Content.optional(),
  status: z.string().optional(),
}).transform(({ type, id, encrypted_content, content, summary }) => ({
  type,
  id,
  encrypted_content,
  thought: content || summary || "",
}));

/** What a function gave. */
function output<const Type extends string>(type: Type) {
  return z.strictObject({
    type: z.literal(type),
    call_id: z.string().optional(),
    output: Content.default(""),
    id: z.string().optional(),
    status: z.string().optional(),
    name: z.string().optional(),
  }).transform(({ output, call_id }) => ({
    type: "output" as const,
    id: undefined,
    call_id,
    content: output,
  }));
}

/** An item that the client does not spell out. */
const ItemReference = z.strictObject({
  type: z.literal("item_reference").optional(),
  id: z.string(),
});

/** Items of tools that other servers run: not a text, and no call to answer. */
const HOSTED = /^(mcp_\w+|compaction\w*|\w+_call(_output)?)$/;

const KNOWN = new Set([
  "custom_tool_call",
  "custom_tool_call_output",
  "function_call",
  "function_call_output",
]);

/** A piece of a conversation. */
const Item = z.preprocess(
  (item, context) => {
    if (!(item instanceof Object)) return item;
    const { type, role, id }: { type?: unknown; role?: unknown; id?: unknown } =
      item;
    if (typeof type === "string" && HOSTED.test(type) && !KNOWN.has(type)) {
      context.addIssue(ignorable(type, "is of a tool that is not run here"));
    }
    if ((type ?? undefined) !== undefined) return item;
    const meant = role === undefined && typeof id === "string"
      ? "item_reference"
      : "message";
    return { ...item, type: meant };
  },
  nullsLeftOut(z.discriminatedUnion("type", [
    MessageItem,
    ReasoningItem,
    FlatCall,
    CustomCall,
    output("function_call_output"),
    output("custom_tool_call_output"),
    ItemReference.transform(({ id }) => ({
      type: "item_reference" as const,
      id,
    })),
  ])),
);
/** A piece of a conversation, parsed. */
export type Item = z.output<typeof Item>;

/** What an answer may be; a schema stands beside its name. */
const TextFormat = nullsLeftOut(z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  JsonObject,
  z.strictObject({ type: z.literal("json_schema"), ...namedSchema }),
]));

/** `POST /v1/responses`. */
export const ResponsesRequest = closedObject({
  model: modelName,
  input: z.union([
    z.string().min(1, "is empty").max(TEXT_LIMIT).transform((
      content,
    ): Item[] => [
      { type: "message", id: undefined, role: "user", content },
    ]),
    list(Item).min(1).max(MOST_MESSAGES),
  ]),
  instructions: z.string().max(TEXT_LIMIT).optional(),
  previous_response_id: z.string().optional(),
  include: list(z.string()).max(64).optional(),
  stream: z.boolean().default(false),
  stream_options: closedObject({ include_obfuscation: z.boolean().optional() })
    .optional(),
  max_output_tokens: AnswerTokens.default(1024),
  stop: stops,
  reasoning: nullsLeftOut(z.looseObject({ effort: ReasoningEffort })).optional()
    .transform((reasoning) => reasoning?.effort),
  text: closedObject({
    format: TextFormat.optional(),
    verbosity: z.unknown().optional(),
  }).optional(),
  tools: FlatTools,
  tool_choice: FlatChoice,
  max_tool_calls: z.int().min(1).optional(),
  top_logprobs: z.int().min(0).max(20).optional(),
  truncation: z.enum(["auto", "disabled"]).optional(),
  background: z.literal(false).optional(),
  state_in: StatePlace.optional().describe(
    "Ids always carry the state. A stream of the openai package's helper needs " +
      "its id from the beginning, so it begins when the answer has ended; with " +
      "`answer`, or `store: false`, it is sent at once, and its items carry the " +
      "state",
  ),
  ...lenientSampling,
  ...nativeFields,
  ...ignored,
  ...refusedInResponses,
  store: z.boolean().default(true),
}).refine(canChoose, NO_CHOICE).openapi("ResponsesRequest");
/** `POST /v1/responses`, parsed. */
export type ResponsesRequest = z.output<typeof ResponsesRequest>;
