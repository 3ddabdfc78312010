/**
 * One answer in the making, as every dialect sees it: what has been said of it, and
 * at its end its calls and the state that it left.
 *
 * @module
 */

import type { CallPiece } from "../../chat/tools/forced_call.ts";
import type { CallReader, ToolCall } from "../../chat/tools/tool_calls.ts";
import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { DoneEvent } from "../../engine/engine.ts";
import type { Sealed } from "../../state/vault.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { RebaseReport } from "../turns/rebasing.ts";

/** What is said of an answer: text, and the next of a call that it has to be. */
export interface SaidEvent extends AnswerEvent {
  readonly call?: CallPiece;
}

/** An answer as far as it has been written. */
export class Draft {
  /** Its place among the answers of the request. */
  readonly index: number;
  /** What has been said. */
  text = "";
  /** What was thought before. */
  reasoning = "";
  /** How likely the text's tokens were; absent unless that was asked for. */
  tokens: ScoredToken[] | undefined;
  /** Its calls of functions, once it is over: beside the text, or in its place. */
  calls: readonly ToolCall[] = [];
  /** Whether its call has been told in part, while it was written. */
  calling = false;
  /** Names that call. */
  readonly callId: string = newCallId();
  /** Its end. */
  end: DoneEvent | undefined;
  /** The state that it left, unless the request wants none. */
  sealed: Sealed<string> | Sealed<Uint8Array<ArrayBuffer>> | undefined;
  /** What became of another model's state that it went on from. */
  rebased: RebaseReport | undefined;
  /** Milliseconds that sealing took. */
  sealMs = 0;
  readonly #reader: CallReader | undefined;

  /**
   * Nothing yet.
   *
   * @param reader Tells calls from text; by default, all is text.
   */
  constructor(index: number, reader?: CallReader) {
    this.index = index;
    this.#reader = reader;
  }

  /** The state as text. */
  get state(): string | undefined {
    const token = this.sealed?.token;
    return typeof token === "string" ? token : undefined;
  }

  /** Takes the next of the answer; gives what can be said of it by now. */
  push(event: AnswerEvent): SaidEvent | undefined {
    const { text, call } = this.#reader?.push(event.text) ??
      { text: event.text, call: undefined };
    this.calling ||= call !== undefined;
    this.text += text;
    this.reasoning += event.reasoning ?? "";
    if (event.tokens) (this.tokens ??= []).push(...event.tokens);
    const silent = text === "" && event.text !== "" && !event.tokens &&
      event.reasoning === undefined && call === undefined;
    return silent ? undefined : { ...event, text, ...(call && { call }) };
  }

  /** Takes the end; gives text that could have been a call and is none. */
  finish(event: DoneEvent): AnswerEvent | undefined {
    this.end = event;
    const { text = "", calls = [] } = this.#reader?.finish() ?? {};
    this.calls = calls;
    this.text += text;
    return text === "" ? undefined : { type: "text", text };
  }
}

/** A name for a call. */
export function newCallId(): string {
  return `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

/** How often the answer went back in its schema. */
export function retriesOf({ end }: Draft): { readonly retries?: number } {
  return end?.retries === undefined ? {} : { retries: end.retries };
}

/** What an answer says of its schema, and of the state that it went on from. */
export function reportOf(draft: Draft): {
  readonly retries?: number;
  readonly rebased?: RebaseReport;
} {
  const { rebased } = draft;
  return { ...retriesOf(draft), ...(rebased && { rebased }) };
}
