/**
 * Answers as Ollama writes them: whole, and as lines of JSON. Source: `docs/api.md`
 * of Ollama.
 *
 * @module
 */

import type { ToolCall } from "../../chat/tools/tool_calls.ts";
import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { type Draft, reportOf } from "../answer/answer_draft.ts";
import type { StreamFormat } from "../answer/event_stream.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { idOf } from "../request/state_ids.ts";
import { chatLogprobs } from "../answer/chat_logprobs.ts";
import type { StatePlaceName } from "../fields/state_place.ts";
import { contextOf } from "./context.ts";
import { ollamaError } from "./ollama_error.ts";

/** Lines of JSON, which have no comments. */
const JSON_LINES: StreamFormat = {
  headers: {
    "content-type": "application/x-ndjson",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  },
  before: () => "",
  after: "\n",
};

/** Nanoseconds of a millisecond. */
const NANOSECONDS = 1e6;

/** What an answer is to. */
export interface OllamaAsk {
  /** The model's name as the client has it. */
  readonly model: string;
  /** Whether log probabilities were asked for. */
  readonly logprobs: boolean;
  readonly tokenizer: Tokenizer;
}

/** What the next of an answer is made of. */
interface AnswerPart {
  readonly text: string;
  readonly reasoning?: string | undefined;
  readonly calls?: readonly ToolCall[];
}

/** Writes the answers to one request; kinds of requests differ in their fields. */
abstract class OllamaWriter implements AnswerWriter {
  readonly error = ollamaError;
  readonly format = JSON_LINES;
  readonly #ollamaRequest: OllamaAsk;
  readonly #answerBegun = performance.now();

  /** Writes to nobody yet. */
  constructor(ask: OllamaAsk) {
    this.#ollamaRequest = ask;
  }

  text(
    _draft: Draft,
    { text, reasoning, tokens, rebase }: AnswerEvent,
  ): object[] {
    return [{
      ...this.#lineHead(),
      ...this.said({ text, reasoning }),
      ...this.#logprobs(tokens),
      done: false,
      ...(rebase && { rebase }),
    }];
  }

  done(draft: Draft): object[] {
    const { calls } = draft;
    return [
      ...(calls.length > 0
        ? [{
          ...this.#lineHead(),
          ...this.said({ text: "", calls }, draft),
          done: false,
        }]
        : []),
      {
        ...this.#lineHead(),
        ...this.said({ text: "" }, draft),
        ...this.#lastLine(draft),
      },
    ];
  }

  whole([draft]: readonly Draft[]): object {
    if (draft === undefined) throw new Error("A turn had no end");
    const { text, reasoning, calls, tokens } = draft;
    return {
      ...this.#lineHead(),
      ...this.said({ text, reasoning, calls }, draft),
      ...this.#logprobs(tokens),
      ...this.#lastLine(draft),
    };
  }

  /** The answer to a request that asks for nothing. */
  nothing(): object {
    return {
      ...this.#lineHead(),
      ...this.said({ text: "" }),
      done: true,
      done_reason: "load",
    };
  }

  /**
   * What an object says of the answer.
   *
   * @param ended The draft, once its state is known.
   */
  protected abstract said(said: AnswerPart, ended?: Draft): object;

  /** Where the state is, at the end. */
  protected abstract stateOf(draft: Draft): object;

  #lineHead(): object {
    const created_at = new Date().toISOString();
    return { model: this.#ollamaRequest.model, created_at };
  }

  #logprobs(tokens: readonly ScoredToken[] | undefined): object {
    if (!this.#ollamaRequest.logprobs || tokens === undefined) return {};
    return {
      logprobs: chatLogprobs(tokens, this.#ollamaRequest.tokenizer).content,
    };
  }

  #lastLine(draft: Draft): object {
    if (draft.end === undefined) throw new Error("A turn had no end");
    const { finish, usage, timings: { prefillMs, decodeMs } } = draft.end;
    const total = performance.now() - this.#answerBegun;
    const time = (ms: number) => Math.round(NANOSECONDS * Math.max(0, ms));
    return {
      done: true,
      done_reason: finish === "stop" ? "stop" : "length",
      ...this.stateOf(draft),
      total_duration: time(total),
      load_duration: time(total - prefillMs - decodeMs),
      prompt_eval_count: usage.prefillSavedTokens + usage.promptTokens,
      prompt_eval_duration: time(prefillMs),
      eval_count: usage.completionTokens,
      eval_duration: time(decodeMs),
      cached_tokens: usage.prefillSavedTokens,
      ...reportOf(draft),
    };
  }
}

/** Writes the answers of `/api/chat`. */
export class OllamaChatWriter extends OllamaWriter {
  readonly #ollamaPlace: StatePlaceName;

  /** @param place Where the state is besides the answer. */
  constructor(ask: OllamaAsk, place: StatePlaceName = "answer") {
    super(ask);
    this.#ollamaPlace = place;
  }

  protected override said(
    { text, reasoning, calls = [] }: AnswerPart,
    ended?: Draft,
  ): object {
    const state = this.#ollamaPlace === "answer" ? undefined : ended?.state;
    return {
      message: {
        role: "assistant",
        content: text,
        ...(reasoning && { thinking: reasoning }),
        ...(calls.length > 0 && {
          tool_calls: calls.map((call, i) =>
            called(call, i, this.#callId(i, ended))
          ),
        }),
        ...(state !== undefined && { state }),
      },
    };
  }

  protected override stateOf({ state }: Draft): object {
    return state === undefined ? {} : { state };
  }

  /** The id of a call, which carries the state where that is asked for. */
  #callId(index: number, ended: Draft | undefined): string {
    const plain = crypto.randomUUID().replaceAll("-", "").slice(0, 8);
    return this.#ollamaPlace === "ids"
      ? idOf("call", ended?.state ?? plain, index)
      : `call_${plain}`;
  }
}

function called(
  { name, arguments: given }: ToolCall,
  index: number,
  id: string,
): object {
  return { id, function: { index, name, arguments: given } };
}

/** Writes the answers of `/api/generate`, whose states are bytes. */
export class OllamaGenerateWriter extends OllamaWriter {
  protected override said({ text, reasoning }: AnswerPart): object {
    return { response: text, ...(reasoning && { thinking: reasoning }) };
  }

  protected override stateOf({ sealed }: Draft): object {
    if (sealed === undefined || typeof sealed.token === "string") return {};
    return { context: contextOf(sealed.token) };
  }
}
