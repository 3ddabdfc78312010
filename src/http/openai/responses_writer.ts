/**
 * A response at once, or as events in OpenAI's order. Source: OpenAI's API
 * reference, Responses, streaming events.
 *
 * @module
 */

import type { CallPiece } from "../../chat/tools/forced_call.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { Draft, SaidEvent } from "../answer/answer_draft.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import type { WrittenCall } from "../answer/written_calls.ts";
import { openAiError } from "./openai_error.ts";
import { idOf } from "../request/state_ids.ts";
import { chatLogprobs, type ListedLogprobs } from "../answer/chat_logprobs.ts";
import {
  completed,
  type FunctionCall,
  functionCall,
  message,
  outline,
  part,
  type ResponseCall,
  type ResponseObject,
} from "./responses_shape.ts";

/** An event; those that tell of the whole response have it. */
interface ResponseEvent {
  readonly sequence_number: number;
  readonly type: string;
  readonly response?: ResponseObject;
}

/** Writes the answer to one request. */
export class ResponseWriter implements AnswerWriter {
  readonly error = openAiError;
  readonly #functionCall: ResponseCall;
  /** Where the message is in the response. */
  readonly #itemPlace: object;
  /** Tokens whose text is held back. */
  readonly #heldItem: ScoredToken[] = [];
  #sequence = 0;
  #responseBegun = false;
  #opened = false;
  /** Whether a call is told while it is written. */
  #functionCalls = false;

  /** Writes to nobody yet. */
  constructor(call: ResponseCall) {
    this.#functionCall = call;
    this.#itemPlace = {
      item_id: idOf("msg", call.requestId),
      output_index: 0,
      content_index: 0,
    };
  }

  text(draft: Draft, said: SaidEvent): ResponseEvent[] {
    const { text: delta, tokens, call, rebase } = said;
    const events = this.#beginResponse();
    if (rebase) {
      const response = {
        ...outline(this.#functionCall, "in_progress"),
        rebase,
      };
      return [
        ...events,
        this.#responseEvent("response.in_progress", { response }),
      ];
    }
    this.#heldItem.push(...tokens ?? []);
    if (call !== undefined) return [...events, ...this.#textPiece(draft, call)];
    // It may become a call, and no message.
    if (delta === "") return events;
    const logprobs = this.#logprobs(tokens && this.#heldItem.splice(0));
    return [
      ...events,
      ...this.#openItem(),
      this.#responseEvent("response.output_text.delta", {
        ...this.#itemPlace,
        delta,
        logprobs,
      }),
    ];
  }

  done(draft: Draft): ResponseEvent[] {
    const events = this.#beginResponse();
    const response = completed(this.#functionCall, draft);
    if (draft.calls.length === 0 || draft.text !== "") {
      const { text } = draft;
      const logprobs = this.#logprobs(draft.tokens);
      events.push(
        ...this.#openItem(),
        this.#responseEvent("response.output_text.done", {
          ...this.#itemPlace,
          text,
          logprobs,
        }),
        this.#responseEvent("response.content_part.done", {
          ...this.#itemPlace,
          part: part(text, logprobs),
        }),
      );
    }
    for (const [output_index, item] of response.output.entries()) {
      if (item.type === "function_call") {
        events.push(...this.#calling(item, output_index));
      } else if (output_index > 0) {
        events.push(
          this.#responseEvent("response.output_item.added", {
            output_index,
            item,
          }),
        );
      }
      events.push(
        this.#responseEvent("response.output_item.done", {
          output_index,
          item,
        }),
      );
    }
    events.push(
      this.#responseEvent(`response.${response.status}`, { response }),
    );
    return events;
  }

  whole([draft]: readonly Draft[]): object {
    if (draft === undefined) throw new RangeError("No draft");
    return completed(this.#functionCall, draft);
  }

  #responseEvent(type: string, body: object): ResponseEvent {
    return { type, sequence_number: this.#sequence++, ...body };
  }

  /** What a response begins with, once. */
  #beginResponse(): ResponseEvent[] {
    if (this.#responseBegun) return [];
    this.#responseBegun = true;
    const response = outline(this.#functionCall, "in_progress");
    return [
      this.#responseEvent("response.created", { response }),
      this.#responseEvent("response.in_progress", { response }),
    ];
  }

  /** What the message begins with, once it is sure that it is none of calls. */
  #openItem(): ResponseEvent[] {
    if (this.#opened) return [];
    this.#opened = true;
    const id = idOf("msg", this.#functionCall.requestId);
    return [
      this.#responseEvent("response.output_item.added", {
        output_index: 0,
        item: { ...message(id, "", "in_progress"), content: [] },
      }),
      this.#responseEvent("response.content_part.added", {
        ...this.#itemPlace,
        part: part(""),
      }),
    ];
  }

  /** The next of a call that the answer has to be; before the first, the call. */
  #textPiece({ callId: id }: Draft, { name, json: delta }: CallPiece) {
    const item_id = idOf("fc", this.#functionCall.requestId);
    const made = { id, type: "function", function: { name, arguments: "" } };
    const added = this.#functionCalls ? [] : [
      this.#responseEvent("response.output_item.added", {
        output_index: 0,
        item: functionCall(made as WrittenCall, item_id, "in_progress"),
      }),
    ];
    this.#functionCalls = true;
    const at = { item_id, output_index: 0 };
    const type = "response.function_call_arguments.delta";
    return [...added, this.#responseEvent(type, { ...at, delta })];
  }

  /** What comes before a call is done. */
  #calling(item: FunctionCall, output_index: number): ResponseEvent[] {
    const { id: item_id, name, arguments: given } = item;
    const at = { item_id, output_index };
    const whole = this.#functionCalls ? [] : [
      this.#responseEvent("response.output_item.added", {
        output_index,
        item: { ...item, status: "in_progress", arguments: "" },
      }),
      this.#responseEvent("response.function_call_arguments.delta", {
        ...at,
        delta: given,
      }),
    ];
    return [
      ...whole,
      this.#responseEvent("response.function_call_arguments.done", {
        ...at,
        name,
        arguments: given,
      }),
    ];
  }

  #logprobs(tokens: readonly ScoredToken[] = []): ListedLogprobs {
    return chatLogprobs(tokens, this.#functionCall.tokenizer).content;
  }
}

/**
 * Holds the events of a stream until its end, so that the response has one id from
 * its beginning on, and that id is the state.
 */
export class HeldResponseWriter extends ResponseWriter {
  readonly #heldItem: ResponseEvent[] = [];

  override text(draft: Draft, event: SaidEvent): ResponseEvent[] {
    this.#heldItem.push(...super.text(draft, event));
    return [];
  }

  override done(draft: Draft): ResponseEvent[] {
    const events = [...this.#heldItem, ...super.done(draft)];
    const id = events.at(-1)?.response?.id ?? "";
    return events.map((event) =>
      event.response === undefined
        ? event
        : { ...event, response: { ...event.response, id } }
    );
  }
}
