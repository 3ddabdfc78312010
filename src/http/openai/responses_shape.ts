/**
 * A response as OpenAI writes it down: whole, and in its parts.
 *
 * @module
 */

import type { Context } from "hono";
import type { DoneEvent } from "../../engine/engine.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { AppEnv } from "../services.ts";
import type { CallEvent, WrittenCall } from "./calls.ts";
import {
  type CommonRequest,
  finishReason,
  sealSave,
  usageOf,
} from "./choices.ts";
import { type ChatLogprob, chatLogprobs } from "./logprobs.ts";
import type { ResponsesRequest } from "./responses_schema.ts";

/** Stands before the token in the id of a response. */
export const ID = "resp_";

const ENCRYPTED = "reasoning.encrypted_content";

/** A request under way. */
export interface ResponseCall {
  readonly request: ResponsesRequest;
  readonly common: CommonRequest;
  readonly choices: AsyncGenerator<CallEvent, void>;
  readonly created: number;
  readonly model: string;
  /** Names the response until its end is known, and its parts for good. */
  readonly requestId: string;
}

/** What was written, told apart. */
export interface Written {
  readonly text: string;
  readonly thought: string;
  /** How likely the text's tokens were, where that was asked for. */
  readonly tokens?: readonly ScoredToken[] | undefined;
  /** Where there are any, they are all of the answer. */
  readonly calls: readonly WrittenCall[];
}

/** A response; what it says of its request is not spelt out here. */
export interface ResponseObject extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly status: Status;
  readonly output: readonly object[];
}

/** A message of the assistant. */
export interface OutputMessage {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly status: Status;
  readonly content: readonly OutputText[];
}

/** A part of a message. */
export interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: readonly [];
  readonly logprobs: readonly ChatLogprob[];
}

/** A function that the client is to call. */
export interface FunctionCall {
  readonly id: string;
  readonly type: "function_call";
  readonly status: Status;
  readonly call_id: string;
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

/** How far a response is. */
export type Status = "in_progress" | "completed" | "incomplete";

/** A response at its end. */
export async function completed(
  c: Context<AppEnv>,
  call: ResponseCall,
  { text, thought, calls, tokens = [] }: Written,
  done: DoneEvent,
): Promise<ResponseObject> {
  const { request, common } = call;
  const state = await sealSave(c, common, done.save);
  const status = finishReason(done) === "stop" ? "completed" : "incomplete";
  const usage = usageOf([done.usage], 1);
  const { tokenizer } = c.get("services").engine;
  const { content: logprobs } = chatLogprobs(tokens, tokenizer);
  const named = state !== undefined && request.store && !request.stream;
  const carries = state !== undefined &&
    (!named || (request.include ?? []).includes(ENCRYPTED));
  return {
    ...outline(call, status),
    ...(named && { id: `${ID}${state}` }),
    incomplete_details: status === "incomplete"
      ? { reason: "max_output_tokens" }
      : null,
    output: [
      ...(calls.length > 0
        ? calls.map((made) => functionCall(made, status))
        : [message(call, text, status, logprobs)]),
      ...(carries || thought !== ""
        ? [{
          id: `rs_${call.requestId}`,
          type: "reasoning",
          summary: [],
          ...(thought !== "" &&
            { content: [{ type: "reasoning_text", text: thought }] }),
          ...(carries && { encrypted_content: state }),
        }]
        : []),
    ],
    usage: {
      input_tokens: usage.prompt_tokens,
      input_tokens_details: usage.prompt_tokens_details,
      output_tokens: usage.completion_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: usage.total_tokens,
    },
    state,
  };
}

/** A response with nothing in it yet. */
export function outline(
  { request, created, model, requestId }: ResponseCall,
  status: Status,
): ResponseObject {
  return {
    id: `${ID}${requestId}`,
    object: "response",
    created_at: created,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens,
    metadata: request.metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: request.tools.length > 0,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: null, summary: null },
    store: request.store,
    temperature: request.temperature,
    text: { format: request.text?.format ?? { type: "text" } },
    tool_choice: typeof request.tool_choice === "string"
      ? request.tool_choice
      : { type: "function", ...request.tool_choice },
    tools: request.tools.map((tool) => ({
      type: "function",
      description: null,
      strict: null,
      ...tool,
    })),
    top_p: request.top_p,
    truncation: "disabled",
    usage: null,
  };
}

export function message(
  call: ResponseCall,
  text: string,
  status: Status,
  logprobs: readonly ChatLogprob[] = [],
): OutputMessage {
  return {
    id: messageId(call),
    type: "message",
    role: "assistant",
    status,
    content: [part(text, logprobs)],
  };
}

/** A call as an item; its id follows from the call's. */
export function functionCall(
  { id, function: { name, arguments: given } }: WrittenCall,
  status: Status,
): FunctionCall {
  return {
    id: id.replace("call_", "fc_"),
    type: "function_call",
    status,
    call_id: id,
    name,
    arguments: given,
  };
}

export function messageId({ requestId }: ResponseCall): string {
  return `msg_${requestId}`;
}

export function part(
  text: string,
  logprobs: readonly ChatLogprob[] = [],
): OutputText {
  return { type: "output_text", text, annotations: [], logprobs };
}
