/**
 * A response as OpenAI writes it down: whole, and in its parts.
 *
 * @module
 */

import type { Tokenizer } from "../../text/tokenizer.ts";
import { type Draft, reportOf } from "../answer/answer_draft.ts";
import { type WrittenCall, writtenCalls } from "../answer/written_calls.ts";
import { idOf } from "../request/state_ids.ts";
import { chatLogprobs, type ListedLogprobs } from "../answer/chat_logprobs.ts";
import type { ResponsesRequest } from "./responses_schema.ts";
import type { ToolChoice } from "../fields/tool_fields.ts";
import { finishReason, usageOf } from "./usage.ts";

/** A request under way. */
export interface ResponseCall {
  readonly request: ResponsesRequest;
  readonly created: number;
  readonly model: string;
  readonly tokenizer: Tokenizer;
  /** Names the response, and its parts, until there is a state. */
  readonly requestId: string;
  /** Whether the response keeps the id that it has at first. */
  readonly stable: boolean;
}

/** A response; what it says of its request is not spelt out here. */
export interface ResponseObject extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly status: Status;
  readonly output: readonly (OutputMessage | FunctionCall | OutputThought)[];
}

/** What the assistant thought, and the state that is left. */
export interface OutputThought {
  readonly id: string;
  readonly type: "reasoning";
  readonly summary: readonly [];
  readonly content?: readonly {
    readonly type: string;
    readonly text: string;
  }[];
  readonly encrypted_content?: string;
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
  readonly logprobs: ListedLogprobs;
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
export function completed(
  call: ResponseCall,
  draft: Draft,
): ResponseObject {
  const { request, tokenizer } = call;
  const { text, reasoning: thought, tokens = [], end, state } = draft;
  if (end === undefined) throw new Error("A turn had no end");
  const calls = writtenCalls(draft);
  const status = finishReason(end) === "stop" ? "completed" : "incomplete";
  const usage = usageOf([end.usage], 1);
  const { content: logprobs } = chatLogprobs(tokens, tokenizer);
  const name = request.store ? state ?? call.requestId : call.requestId;
  // A stream has named its message before there was a state.
  const messageName = request.stream ? call.requestId : name;
  const callName = draft.calling ? messageName : name;
  return {
    ...outline(call, status),
    id: idOf("resp", call.stable ? call.requestId : name),
    incomplete_details: status === "incomplete"
      ? { reason: "max_output_tokens" }
      : null,
    output: [
      ...(calls.length === 0 || text !== ""
        ? [message(idOf("msg", messageName), text, status, logprobs)]
        : []),
      ...calls.map((made, i) =>
        functionCall(made, idOf("fc", callName, i), status)
      ),
      ...(state !== undefined || thought !== ""
        ? [thoughtItem(idOf("rs", name), thought, state)]
        : []),
    ],
    usage: {
      input_tokens: usage.prompt_tokens,
      input_tokens_details: usage.prompt_tokens_details,
      output_tokens: usage.completion_tokens,
      output_tokens_details: {
        reasoning_tokens: tokenizer.encode(thought).length,
      },
      total_tokens: usage.total_tokens,
    },
    ...reportOf(draft),
    state,
  };
}

/** A response with nothing in it yet. */
export function outline(
  { request, created, model, requestId }: ResponseCall,
  status: Status,
): ResponseObject {
  return {
    id: idOf("resp", requestId),
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
    // It may be megabytes, and who sent it has it.
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: request.store,
    temperature: request.temperature,
    text: { format: request.text?.format ?? { type: "text" } },
    tool_choice: writtenChoice(request.tool_choice),
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

function writtenChoice(choice: ToolChoice): unknown {
  if (typeof choice === "string") return choice;
  if ("name" in choice) return { type: "function", ...choice };
  const { mode, names } = choice;
  const tools = names.map((name) => ({ type: "function", name }));
  return { type: "allowed_tools", mode, tools };
}

export function message(
  id: string,
  text: string,
  status: Status,
  logprobs: ListedLogprobs = [],
): OutputMessage {
  return {
    id,
    type: "message",
    role: "assistant",
    status,
    content: [part(text, logprobs)],
  };
}

/** A call as an item. */
export function functionCall(
  { id: call_id, function: { name, arguments: given } }: WrittenCall,
  id: string,
  status: Status,
): FunctionCall {
  return {
    id,
    type: "function_call",
    status,
    call_id,
    name,
    arguments: given,
  };
}

function thoughtItem(
  id: string,
  thought: string,
  state: string | undefined,
): OutputThought {
  return {
    id,
    type: "reasoning",
    summary: [],
    ...(thought !== "" &&
      { content: [{ type: "reasoning_text", text: thought }] }),
    ...(state !== undefined && { encrypted_content: state }),
  };
}

export function part(
  text: string,
  logprobs: ListedLogprobs = [],
): OutputText {
  return { type: "output_text", text, annotations: [], logprobs };
}
