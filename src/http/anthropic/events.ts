/**
 * A message at once, or as events in Anthropic's order. Source: Anthropic's API
 * reference, "Messages" and "Streaming messages".
 *
 * The state is known at the end of the answer, so its block is the last one.
 *
 * @module
 */

import type { Context } from "hono";
import type { DoneEvent, TurnUsage } from "../../engine/engine.ts";
import type { CallEvent, WrittenCall } from "../openai/calls.ts";
import { type CommonRequest, sealSave } from "../openai/choices.ts";
import type { AppEnv } from "../services.ts";
import type { MessagesRequest } from "./schema.ts";

/** A request under way. */
export interface MessageCall {
  readonly request: MessagesRequest;
  /** The same as turns take it. */
  readonly common: CommonRequest;
  readonly choices: AsyncGenerator<CallEvent, void>;
  /** The model's name. */
  readonly model: string;
  readonly requestId: string;
  /** Tokens that the state has read. */
  readonly cached: number;
}

/** A part of an answer. */
type ContentBlock =
  | { readonly type: "text"; readonly text: string }
  | {
    readonly type: "thinking";
    readonly thinking: string;
    readonly signature: string;
  }
  | {
    readonly type: "tool_use";
    readonly id: string;
    readonly name: string;
    readonly input: unknown;
  }
  | { readonly type: "redacted_thinking"; readonly data: string };

/** Clients drop thoughts without a signature. Here they are signed by the state. */
const SIGNATURE = "gosling";

/** The message at its end. */
export async function wholeMessage(
  c: Context<AppEnv>,
  call: MessageCall,
): Promise<object> {
  let text = "", thinking = "";
  for await (const { event, calls } of call.choices) {
    if (event.type === "text") {
      text += event.text;
      thinking += event.reasoning ?? "";
      continue;
    }
    const content: ContentBlock[] = [];
    if (thinking !== "") {
      content.push({ type: "thinking", thinking, signature: SIGNATURE });
    }
    // Clients look at the text of the first block, whatever was said.
    if (text !== "" || calls.length === 0) content.push({ type: "text", text });
    content.push(...calls.map(toolUse), ...await stateBlock(c, call, event));
    return {
      ...outline(call),
      content,
      ...stopOf(call, event, calls.length > 0),
      usage: usageOfMessage(event.usage),
    };
  }
  throw new Error("A turn had no end");
}

/** The events of a stream, as they are sent. */
export async function* messageEvents(
  c: Context<AppEnv>,
  call: MessageCall,
): AsyncGenerator<string, void> {
  let index = -1;
  let open: "text" | "thinking" | undefined;
  const begin = (content_block: ContentBlock) =>
    framed("content_block_start", { index: ++index, content_block });
  const change = (delta: object) =>
    framed("content_block_delta", { index, delta });
  const end = () => framed("content_block_stop", { index });
  const close = function* () {
    if (open === "thinking") {
      yield change({ type: "signature_delta", signature: SIGNATURE });
    }
    if (open !== undefined) yield end();
    open = undefined;
  };
  let begun = false;
  for await (const { event, calls } of call.choices) {
    if (!begun) {
      begun = true;
      const usage = {
        ...EMPTY_USAGE,
        cache_read_input_tokens: call.cached,
      };
      const message = { ...outline(call), content: [], usage };
      yield framed("message_start", { message });
    }
    if (event.type === "text") {
      const { text, reasoning: thinking = "" } = event;
      if (thinking !== "") {
        if (open !== "thinking") {
          yield* close();
          yield begin({ type: "thinking", thinking: "", signature: "" });
          open = "thinking";
        }
        yield change({ type: "thinking_delta", thinking });
      }
      if (text === "") continue;
      if (open !== "text") {
        yield* close();
        yield begin({ type: "text", text: "" });
        open = "text";
      }
      yield change({ type: "text_delta", text });
      continue;
    }
    yield* close();
    if (index < 0 && calls.length === 0) {
      yield begin({ type: "text", text: "" });
      yield end();
    }
    for (const made of calls) {
      yield begin({ ...toolUse(made), input: {} });
      yield change({
        type: "input_json_delta",
        partial_json: made.function.arguments,
      });
      yield end();
    }
    for (const block of await stateBlock(c, call, event)) {
      yield begin(block);
      yield end();
    }
    yield framed("message_delta", {
      delta: stopOf(call, event, calls.length > 0),
      usage: usageOfMessage(event.usage),
    });
    yield framed("message_stop", {});
  }
}

function framed(type: string, body: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`;
}

/** What is known of a message before its first word. */
function outline({ requestId, model }: MessageCall) {
  return {
    id: `msg_${requestId.replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model,
    content: [] as ContentBlock[],
    stop_reason: null as string | null,
    stop_sequence: null as string | null,
  };
}

function toolUse({ id, function: { name, arguments: given } }: WrittenCall) {
  return {
    type: "tool_use" as const,
    id: id.replace(/^call_/, "toolu_"),
    name,
    input: JSON.parse(given) as unknown,
  };
}

async function stateBlock(
  c: Context<AppEnv>,
  { common }: MessageCall,
  { save }: DoneEvent,
): Promise<ContentBlock[]> {
  const data = await sealSave(c, common, save);
  return data === undefined ? [] : [{ type: "redacted_thinking", data }];
}

/** Anthropic has no word for an answer that the server had to cut. */
function stopOf(
  { request }: MessageCall,
  { finish, stop }: DoneEvent,
  calls: boolean,
): { readonly stop_reason: string; readonly stop_sequence: string | null } {
  if (calls) return { stop_reason: "tool_use", stop_sequence: null };
  const text = stop?.kept ? undefined : stop?.text;
  if (text !== undefined && request.stop.includes(text)) {
    return { stop_reason: "stop_sequence", stop_sequence: text };
  }
  return {
    stop_reason: finish === "stop" ? "end_turn" : "max_tokens",
    stop_sequence: null,
  };
}

const EMPTY_USAGE = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
};

/** What was read before comes from the state, as if from a cache. */
function usageOfMessage(usage: TurnUsage): typeof EMPTY_USAGE {
  return {
    input_tokens: usage.promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.prefillSavedTokens,
    output_tokens: usage.completionTokens,
  };
}
