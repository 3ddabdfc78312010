/**
 * Chat completions as OpenAI writes them: whole, and in chunks. Source: OpenAI's API
 * reference, Chat Completions.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { CallPiece } from "../../chat/tools/forced_call.ts";
import {
  type Draft,
  retriesOf,
  type SaidEvent,
} from "../answer/answer_draft.ts";
import type { RebaseReport } from "../turns/rebasing.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import {
  isCut,
  type WrittenCall,
  writtenCalls,
} from "../answer/written_calls.ts";
import { openAiError } from "./openai_error.ts";
import { idOf } from "../request/state_ids.ts";
import { chatLogprobs } from "../answer/chat_logprobs.ts";
import type { ChatRequest } from "./chat_schema.ts";
import { finishReason, usageOf } from "./usage.ts";

/** What every object of an answer says of itself. */
export interface AnswerHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** What a chunk says besides its text. */
interface ChunkEnd {
  readonly finish?: string | null;
  readonly tokens?: AnswerEvent["tokens"];
  readonly state?: string | undefined;
  readonly retries?: number;
}

/** Writes the answers to one request. */
export class ChatWriter implements AnswerWriter {
  readonly last = "[DONE]";
  readonly error = openAiError;
  readonly #chatRequest: ChatRequest;
  readonly #chunkHead: AnswerHead;
  readonly #tokenizer: Tokenizer;
  /** Drafts that clients have heard of, in a stream. */
  readonly #choicesBegun = new Map<number, Draft>();
  /** Of them, those whose calls are told while they are written. */
  readonly #calling = new Set<number>();

  /** Writes to nobody yet. */
  constructor(request: ChatRequest, head: AnswerHead, tokenizer: Tokenizer) {
    this.#chatRequest = request;
    this.#chunkHead = head;
    this.#tokenizer = tokenizer;
  }

  text(draft: Draft, event: SaidEvent): object[] {
    const { text, reasoning } = event;
    const call = this.#idsCarryState ? undefined : event.call;
    if (call === undefined && event.call !== undefined && !event.tokens) {
      return [];
    }
    const tool_calls = call && [{ index: 0, ...this.#chatDelta(draft, call) }];
    const delta = {
      ...(tool_calls && { tool_calls }),
      ...(text !== "" && { content: text }),
      ...(reasoning !== undefined && { reasoning_content: reasoning }),
    };
    const { rebase } = event;
    const piece = this.#chunkPiece(draft, delta, { tokens: event.tokens });
    return [...this.#beginChoice(draft), {
      ...piece,
      ...(rebase && { rebase }),
    }];
  }

  done(draft: Draft, last: boolean): object[] {
    const calls = this.#callsOfChoice(draft);
    const { stream_options, n } = this.#chatRequest;
    const chunks = this.#beginChoice(draft);
    const states = last ? endingOf(this.#choicesBegun.get(0)) : {};
    if (calls.length > 0 && !this.#calling.has(draft.index)) {
      const tool_calls = calls.map((call, index) => ({ index, ...call }));
      chunks.push(this.#chunkPiece(draft, { tool_calls }));
    }
    chunks.push({
      ...this.#chunkPiece(draft, this.#stateInMessage(draft), {
        finish: chatFinishReason(draft),
        ...retriesOf(draft),
        ...(n > 1 && { state: draft.state }),
      }),
      ...states,
    });
    if (last && stream_options?.include_usage) {
      const usage = this.#usage([...this.#choicesBegun.values()]);
      chunks.push(this.#chatChunk({ choices: [], usage, ...states }));
    }
    return chunks;
  }

  whole(drafts: readonly Draft[]): object {
    const { n, logprobs } = this.#chatRequest;
    return {
      ...this.#chunkHead,
      object: "chat.completion",
      choices: drafts.map((draft) => {
        const calls = this.#callsOfChoice(draft);
        return {
          index: draft.index,
          message: {
            role: "assistant",
            content: calls.length > 0 ? draft.text || null : draft.text,
            refusal: null,
            ...(calls.length > 0 && { tool_calls: calls }),
            ...this.#stateInMessage(draft),
            ...(draft.reasoning !== "" &&
              { reasoning_content: draft.reasoning }),
          },
          logprobs: logprobs === undefined
            ? null
            : chatLogprobs(draft.tokens ?? [], this.#tokenizer),
          finish_reason: chatFinishReason(draft),
          ...retriesOf(draft),
          ...(n > 1 && { state: draft.state }),
        };
      }),
      usage: this.#usage(drafts),
      ...endingOf(drafts[0]),
    };
  }

  /** The next of a call; the first has its name. */
  #chatDelta({ index, callId }: Draft, { name, json }: CallPiece): object {
    if (this.#calling.has(index)) return { function: { arguments: json } };
    this.#calling.add(index);
    return {
      id: callId,
      type: "function",
      function: { name, arguments: json },
    };
  }

  /** Whether ids of calls are known only when the state is. */
  get #idsCarryState(): boolean {
    const { state_in, state_codec } = this.#chatRequest;
    return state_in === "ids" && state_codec !== "none";
  }

  /** The chunk that a choice begins with, once. */
  #beginChoice(draft: Draft): object[] {
    if (this.#choicesBegun.has(draft.index)) return [];
    this.#choicesBegun.set(draft.index, draft);
    return [this.#chunkPiece(draft, { role: "assistant", content: "" })];
  }

  #chunkPiece(
    { index }: Draft,
    delta: object,
    { finish, tokens, ...rest }: ChunkEnd = {},
  ): object {
    return this.#chatChunk({
      choices: [{
        index,
        delta,
        logprobs: tokens === undefined
          ? null
          : chatLogprobs(tokens, this.#tokenizer),
        finish_reason: finish ?? null,
        ...rest,
      }],
    });
  }

  #chatChunk(body: object): object {
    const { stream_options } = this.#chatRequest;
    return {
      ...this.#chunkHead,
      object: "chat.completion.chunk",
      ...(stream_options?.include_usage && { usage: null }),
      ...body,
    };
  }

  /** A draft's calls, under ids that carry the state where that is asked for. */
  #callsOfChoice(draft: Draft): readonly WrittenCall[] {
    const { state } = draft;
    return writtenCalls(draft).map((call, i) => ({
      ...call,
      ...(this.#idsCarryState && state !== undefined &&
        { id: idOf("call", state, i) }),
    }));
  }

  /** What a message says of the state that it leaves. */
  #stateInMessage({ state }: Draft): { readonly state?: string } {
    const { state_in: place = "answer" } = this.#chatRequest;
    return place === "answer" || state === undefined ? {} : { state };
  }

  #usage(drafts: readonly Draft[]): object {
    const usages = drafts.flatMap(({ end }) => end ? [end.usage] : []);
    return usageOf(usages, this.#chatRequest.n);
  }
}

/** What an answer says of its state, and of that which it went on from. */
export function endingOf(draft: Draft | undefined): {
  readonly state: string | undefined;
  readonly rebased?: RebaseReport;
} {
  const { state, rebased } = draft ?? {};
  return { state, ...(rebased && { rebased }) };
}

function chatFinishReason(draft: Draft): string | null {
  const { calls, end } = draft;
  if (calls.length > 0 && !isCut(draft)) return "tool_calls";
  return end === undefined ? null : finishReason(end);
}
