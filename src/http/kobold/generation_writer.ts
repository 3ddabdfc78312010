/**
 * Answers as KoboldCpp writes them: whole, and in events. Source: KoboldCpp's API
 * document.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { DoneEvent } from "../../engine/engine.ts";
import { type Draft, reportOf } from "../answer/answer_draft.ts";
import { EVENT_STREAM, type StreamFormat } from "../answer/event_stream.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { koboldError } from "./kobold_error.ts";

/** Events that say that they are messages, as KoboldCpp's do. */
const MESSAGE_EVENTS: StreamFormat = {
  ...EVENT_STREAM,
  before: () => "event: message\ndata: ",
};

/** Writes the answers to one request. */
export class KoboldWriter implements AnswerWriter {
  readonly error = koboldError;
  readonly format = MESSAGE_EVENTS;

  text(_draft: Draft, { text: token, rebase }: AnswerEvent): object[] {
    return [{ token, finish_reason: null, ...(rebase && { rebase }) }];
  }

  done(draft: Draft): object[] {
    return [{ token: "", ...generationEnd(draft) }];
  }

  whole(drafts: readonly Draft[]): object {
    const results = drafts.map((draft) => ({
      text: draft.text,
      ...generationEnd(draft),
    }));
    return { results };
  }
}

/** What an answer says of its end. */
function generationEnd(draft: Draft): object {
  const { end, state } = draft;
  if (end === undefined) throw new Error("A turn had no end");
  const { prefillSavedTokens: cached_tokens, promptTokens, completionTokens } =
    end.usage;
  return {
    finish_reason: koboldFinishReason(end),
    prompt_tokens: cached_tokens + promptTokens,
    completion_tokens: completionTokens,
    cached_tokens,
    ...reportOf(draft),
    ...(state !== undefined && { state }),
  };
}

function koboldFinishReason({ finish }: DoneEvent): "stop" | "length" {
  return finish === "stop" ? "stop" : "length";
}
