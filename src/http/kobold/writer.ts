/**
 * Answers as KoboldCpp writes them: whole, and in events. Source: KoboldCpp's API
 * document.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { DoneEvent } from "../../engine/engine.ts";
import type { Draft } from "../answer/answer_draft.ts";
import { EVENT_STREAM, type StreamFormat } from "../answer/event_stream.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { koboldError } from "./error.ts";

/** Events that say that they are messages, as KoboldCpp's do. */
const MESSAGES: StreamFormat = {
  ...EVENT_STREAM,
  before: () => "event: message\ndata: ",
};

/** Writes the answers to one request. */
export class KoboldWriter implements AnswerWriter {
  readonly error = koboldError;
  readonly format = MESSAGES;

  text(_draft: Draft, { text: token }: AnswerEvent): object[] {
    return [{ token, finish_reason: null }];
  }

  done({ end, state }: Draft): object[] {
    return [{
      token: "",
      finish_reason: end === undefined ? null : reasonOf(end),
      ...(state !== undefined && { state }),
    }];
  }

  whole(drafts: readonly Draft[]): object {
    const results = drafts.map(({ text, end, state }) => ({
      text,
      finish_reason: end === undefined ? null : reasonOf(end),
      prompt_tokens: (end?.usage.prefillSavedTokens ?? 0) +
        (end?.usage.promptTokens ?? 0),
      completion_tokens: end?.usage.completionTokens ?? 0,
      ...(state !== undefined && { state }),
    }));
    return { results };
  }
}

function reasonOf({ finish }: DoneEvent): "stop" | "length" {
  return finish === "stop" ? "stop" : "length";
}
