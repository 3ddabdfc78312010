/**
 * Answers in the native form: whole, and in events.
 *
 * @module
 */

import type { Context } from "hono";
import type { AnswerEvent } from "../../chat/chat_turn.ts";
import type { Draft } from "../answer/answer_draft.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { problem } from "../problem.ts";
import type { AppEnv } from "../services.ts";
import type { GenerateResponse } from "./generate_schema.ts";

/** Writes the answers to one request. */
export class GenerationWriter implements AnswerWriter {
  readonly #id: string;
  readonly #model: string;
  readonly #openMs: number;

  /**
   * Writes to nobody yet.
   *
   * @param openMs Milliseconds that it took to open the request's save.
   */
  constructor(c: Context<AppEnv>, openMs: number) {
    this.#id = `gen-${c.get("requestId")}`;
    this.#model = c.get("services").engine.model.id;
    this.#openMs = openMs;
  }

  text(_draft: Draft, event: AnswerEvent): object[] {
    const { rebase } = event;
    return [rebase ? { type: "rebase", ...rebase } : event];
  }

  done(draft: Draft): object[] {
    return [{
      type: "done",
      ...this.#generationHead,
      ...this.#restOfEnd(draft),
    }];
  }

  whole([draft]: readonly Draft[]): GenerateResponse {
    if (draft === undefined) throw new RangeError("No draft");
    const { text, reasoning } = draft;
    return {
      ...this.#generationHead,
      text,
      ...(reasoning !== "" && { reasoning }),
      ...this.#restOfEnd(draft),
    };
  }

  error(error: unknown, requestId: string): object {
    return { ...problem(error, requestId), type: "problem" };
  }

  get #generationHead() {
    return {
      id: this.#id,
      object: "generation" as const,
      model: this.#model,
    };
  }

  #restOfEnd({ end, sealed, sealMs, state, rebased }: Draft) {
    if (end === undefined) throw new Error("A turn had no end");
    const { finish, usage, timings, retries } = end;
    return {
      finish_reason: finish,
      ...(retries !== undefined && { retries }),
      usage: {
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.completionTokens,
        position: usage.position,
        prefill_saved_tokens: usage.prefillSavedTokens,
      },
      ...(sealed && { state_bytes: sealed.bytes, state_codec: sealed.codec }),
      ...(rebased && { rebased }),
      timings: {
        open_ms: micro(this.#openMs),
        prefill_ms: micro(timings.prefillMs),
        decode_ms: micro(timings.decodeMs),
        seal_ms: micro(sealMs),
      },
      ...(state !== undefined && { state }),
    };
  }
}

/** Milliseconds to the microsecond: the clock's own noise is left out. */
function micro(ms: number): number {
  return Math.round(1000 * ms) / 1000;
}
