/**
 * Chat completions as OpenAI writes them: whole, and in chunks. Source: OpenAI's API
 * reference, Chat Completions.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/turn.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { Draft } from "../answer/draft.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { type WrittenCall, writtenCall } from "./calls.ts";
import { openAiError } from "./error.ts";
import { idOf } from "./ids.ts";
import { chatLogprobs } from "./logprobs.ts";
import type { ChatRequest } from "./schema.ts";
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
}

/** Writes the answers to one request. */
export class ChatWriter implements AnswerWriter {
  readonly last = "[DONE]";
  readonly error = openAiError;
  readonly #request: ChatRequest;
  readonly #head: AnswerHead;
  readonly #tokenizer: Tokenizer;
  /** Drafts that clients have heard of, in a stream. */
  readonly #begun = new Map<number, Draft>();

  /** Writes to nobody yet. */
  constructor(request: ChatRequest, head: AnswerHead, tokenizer: Tokenizer) {
    this.#request = request;
    this.#head = head;
    this.#tokenizer = tokenizer;
  }

  text(draft: Draft, event: AnswerEvent): object[] {
    const { text, reasoning } = event;
    const delta = {
      ...(text !== "" && { content: text }),
      ...(reasoning !== undefined && { reasoning_content: reasoning }),
    };
    return [...this.#begin(draft), this.#piece(draft, delta, event)];
  }

  done(draft: Draft, last: boolean): object[] {
    const calls = this.#calls(draft);
    const { stream_options, n } = this.#request;
    const chunks = this.#begin(draft);
    const states = last ? { state: this.#begun.get(0)?.state } : {};
    if (calls.length > 0) {
      const tool_calls = calls.map((call, index) => ({ index, ...call }));
      chunks.push(this.#piece(draft, { tool_calls }));
    }
    chunks.push({
      ...this.#piece(draft, this.#stateInMessage(draft), {
        finish: reasonOf(draft),
        ...(n > 1 && { state: draft.state }),
      }),
      ...states,
    });
    if (last && stream_options?.include_usage) {
      const usage = this.#usage([...this.#begun.values()]);
      chunks.push(this.#chunk({ choices: [], usage, ...states }));
    }
    return chunks;
  }

  whole(drafts: readonly Draft[]): object {
    const { n, logprobs } = this.#request;
    return {
      ...this.#head,
      object: "chat.completion",
      choices: drafts.map((draft) => {
        const calls = this.#calls(draft);
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
          finish_reason: reasonOf(draft),
          ...(n > 1 && { state: draft.state }),
        };
      }),
      usage: this.#usage(drafts),
      state: drafts[0]?.state,
    };
  }

  /** The chunk that a choice begins with, once. */
  #begin(draft: Draft): object[] {
    if (this.#begun.has(draft.index)) return [];
    this.#begun.set(draft.index, draft);
    return [this.#piece(draft, { role: "assistant", content: "" })];
  }

  #piece(
    { index }: Draft,
    delta: object,
    { finish, tokens, ...rest }: ChunkEnd = {},
  ): object {
    return this.#chunk({
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

  #chunk(body: object): object {
    const { stream_options } = this.#request;
    return {
      ...this.#head,
      object: "chat.completion.chunk",
      ...(stream_options?.include_usage && { usage: null }),
      ...body,
    };
  }

  /** A draft's calls, under ids that carry the state where that is asked for. */
  #calls({ calls, state }: Draft): readonly WrittenCall[] {
    return calls.map((call, i) => ({
      ...writtenCall(call),
      ...(this.#request.state_in === "ids" && state !== undefined &&
        { id: idOf("call", state, i) }),
    }));
  }

  /** What a message says of the state that it leaves. */
  #stateInMessage({ state }: Draft): { readonly state?: string } {
    const { state_in: place = "answer" } = this.#request;
    return place === "answer" || state === undefined ? {} : { state };
  }

  #usage(drafts: readonly Draft[]): object {
    const usages = drafts.flatMap(({ end }) => end ? [end.usage] : []);
    return usageOf(usages, this.#request.n);
  }
}

function reasonOf({ calls, end }: Draft): string | null {
  if (calls.length > 0) return "tool_calls";
  return end === undefined ? null : finishReason(end);
}
