/**
 * A message at once, or as events in Anthropic's order. Source: Anthropic's API
 * reference, "Messages" and "Streaming messages".
 *
 * The state is known at the end of the answer, so its block is the last one.
 *
 * @module
 */

import type { DoneEvent, TurnUsage } from "../../engine/engine.ts";
import {
  type Draft,
  reportOf,
  type SaidEvent,
} from "../answer/answer_draft.ts";
import { EVENT_STREAM, type StreamFormat } from "../answer/event_stream.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { isCut, writtenCalls } from "../answer/written_calls.ts";
import { anthropicError } from "./anthropic_error.ts";
import type { MessagesRequest } from "./messages_schema.ts";

/** What a message says of itself. */
export interface MessageHead {
  readonly request: MessagesRequest;
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
    readonly partial_json?: string;
  }
  | { readonly type: "redacted_thinking"; readonly data: string };

/** An event, which names its type. */
interface MessageEvent {
  readonly type: string;
}

/** Clients drop thoughts without a signature. Here they are signed by the state. */
const SIGNATURE = "gosling";

/** Events that stand under their names. */
const NAMED_EVENTS: StreamFormat = {
  ...EVENT_STREAM,
  before: (event) => `event: ${(event as MessageEvent).type}\ndata: `,
  keepAlive: 'event: ping\ndata: {"type":"ping"}\n\n',
};

/** Writes the answer to one request. */
export class MessageWriter implements AnswerWriter {
  readonly format = NAMED_EVENTS;
  readonly error = anthropicError;
  readonly #messageHead: MessageHead;
  #messageBegun = false;
  /** The last block begun. */
  #blockIndex = -1;
  #openBlock: "text" | "thinking" | "tool_use" | undefined;

  /** Writes to nobody yet. */
  constructor(head: MessageHead) {
    this.#messageHead = head;
  }

  text({ callId }: Draft, event: SaidEvent): MessageEvent[] {
    const { text, reasoning: thinking = "", call } = event;
    const events = this.#startMessage();
    // Clients know pings, and let be what they say.
    if (event.rebase) events.push(pingOf(event.rebase));
    if (thinking !== "") {
      if (this.#openBlock !== "thinking") {
        const block = {
          type: "thinking",
          thinking: "",
          signature: "",
        } as const;
        events.push(...this.#closeBlock(), this.#beginBlock(block));
        this.#openBlock = "thinking";
      }
      events.push(this.#blockDelta({ type: "thinking_delta", thinking }));
    }
    if (text !== "") {
      if (this.#openBlock !== "text") {
        events.push(
          ...this.#closeBlock(),
          this.#beginBlock({ type: "text", text: "" }),
        );
        this.#openBlock = "text";
      }
      events.push(this.#blockDelta({ type: "text_delta", text }));
    }
    if (call !== undefined) {
      if (this.#openBlock !== "tool_use") {
        const block = {
          type: "tool_use",
          id: toolId(callId),
          name: call.name,
          input: {},
        } as const;
        events.push(...this.#closeBlock(), this.#beginBlock(block));
        this.#openBlock = "tool_use";
      }
      const partial_json = call.json;
      events.push(this.#blockDelta({ type: "input_json_delta", partial_json }));
    }
    return events;
  }

  done(draft: Draft): MessageEvent[] {
    const { calls } = draft;
    const end = expectEnd(draft);
    const events = [...this.#startMessage(), ...this.#closeBlock()];
    if (this.#blockIndex < 0 && calls.length === 0) {
      events.push(
        this.#beginBlock({ type: "text", text: "" }),
        this.#endMessage(),
      );
    }
    for (const { partial_json: json, ...block } of toolUses(draft)) {
      if (draft.calling) break;
      const partial_json = json ?? JSON.stringify(block.input);
      events.push(
        this.#beginBlock({ ...block, input: {} }),
        this.#blockDelta({ type: "input_json_delta", partial_json }),
        this.#endMessage(),
      );
    }
    for (const block of stateBlock(draft)) {
      events.push(this.#beginBlock(block), this.#endMessage());
    }
    return [
      ...events,
      event("message_delta", {
        delta: this.#stopOf(draft),
        ...reportOf(draft),
        usage: usageOfMessage(end.usage),
      }),
      event("message_stop"),
    ];
  }

  whole([draft]: readonly Draft[]): object {
    if (draft === undefined) throw new RangeError("No draft");
    const { text, reasoning: thinking, calls } = draft;
    const content: ContentBlock[] = [];
    if (thinking !== "") {
      content.push({ type: "thinking", thinking, signature: SIGNATURE });
    }
    // Clients look at the text of the first block, whatever was said.
    if (text !== "" || calls.length === 0) content.push({ type: "text", text });
    content.push(...toolUses(draft), ...stateBlock(draft));
    return {
      ...this.#outline,
      content,
      ...this.#stopOf(draft),
      ...reportOf(draft),
      usage: usageOfMessage(expectEnd(draft).usage),
    };
  }

  /** What is known of a message before its first word. */
  get #outline() {
    const { requestId, model } = this.#messageHead;
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

  /** What a message begins with, once. */
  #startMessage(): MessageEvent[] {
    if (this.#messageBegun) return [];
    this.#messageBegun = true;
    const usage = {
      ...EMPTY_USAGE,
      cache_read_input_tokens: this.#messageHead.cached,
    };
    const message = { ...this.#outline, content: [], usage };
    return [event("message_start", { message })];
  }

  #beginBlock(content_block: ContentBlock): MessageEvent {
    const index = ++this.#blockIndex;
    return event("content_block_start", { index, content_block });
  }

  #blockDelta(delta: object): MessageEvent {
    return event("content_block_delta", { index: this.#blockIndex, delta });
  }

  #endMessage(): MessageEvent {
    return event("content_block_stop", { index: this.#blockIndex });
  }

  /** Ends the block that is open. */
  #closeBlock(): MessageEvent[] {
    const signature = { type: "signature_delta", signature: SIGNATURE };
    const events = [
      ...(this.#openBlock === "thinking" ? [this.#blockDelta(signature)] : []),
      ...(this.#openBlock !== undefined ? [this.#endMessage()] : []),
    ];
    this.#openBlock = undefined;
    return events;
  }

  /** Anthropic has no word for an answer that the server had to cut. */
  #stopOf(draft: Draft): {
    readonly stop_reason: string;
    readonly stop_sequence: string | null;
  } {
    if (draft.calls.length > 0 && !isCut(draft)) {
      return { stop_reason: "tool_use", stop_sequence: null };
    }
    const { finish, stop } = expectEnd(draft);
    const text = stop?.kept ? undefined : stop?.text;
    if (text !== undefined && this.#messageHead.request.stop.includes(text)) {
      return { stop_reason: "stop_sequence", stop_sequence: text };
    }
    return {
      stop_reason: finish === "stop" ? "end_turn" : "max_tokens",
      stop_sequence: null,
    };
  }
}

function event(type: string, body: object = {}): MessageEvent {
  return { type, ...body };
}

function pingOf(rebase: SaidEvent["rebase"]): MessageEvent {
  return event("ping", { rebase });
}

/** Calls; one that was cut has no input, but what there is of it. */
function toolUses(draft: Draft) {
  return writtenCalls(draft).map(({ id, function: made }, i) => ({
    type: "tool_use" as const,
    id: toolId(id),
    name: made.name,
    input: draft.calls[i].arguments as unknown,
    ...(draft.calls[i].cut && { partial_json: made.arguments }),
  }));
}

function toolId(id: string): string {
  return id.replace(/^call_/, "toolu_");
}

function stateBlock({ state }: Draft): ContentBlock[] {
  return state === undefined
    ? []
    : [{ type: "redacted_thinking", data: state }];
}

function expectEnd({ end }: Draft): DoneEvent {
  if (end === undefined) throw new Error("A turn had no end");
  return end;
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
