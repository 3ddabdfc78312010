/**
 * A response at once, or as events in OpenAI's order. Source: OpenAI's API
 * reference, Responses, streaming events.
 *
 * @module
 */

import type { AnswerEvent } from "../../chat/turn.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { Draft } from "../answer/draft.ts";
import type { AnswerWriter } from "../answer/turn_answer.ts";
import { openAiError } from "./error.ts";
import { idOf } from "./ids.ts";
import { type ChatLogprob, chatLogprobs } from "./logprobs.ts";
import {
  completed,
  type FunctionCall,
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
  readonly #call: ResponseCall;
  /** Where the message is in the response. */
  readonly #place: object;
  /** Tokens whose text is held back. */
  readonly #held: ScoredToken[] = [];
  #sequence = 0;
  #begun = false;
  #opened = false;

  /** Writes to nobody yet. */
  constructor(call: ResponseCall) {
    this.#call = call;
    this.#place = {
      item_id: idOf("msg", call.requestId),
      output_index: 0,
      content_index: 0,
    };
  }

  text(_draft: Draft, { text: delta, tokens }: AnswerEvent): ResponseEvent[] {
    const events = this.#begin();
    this.#held.push(...tokens ?? []);
    // It may become a call, and no message.
    if (delta === "") return events;
    const logprobs = this.#logprobs(tokens && this.#held.splice(0));
    return [
      ...events,
      ...this.#open(),
      this.#event("response.output_text.delta", {
        ...this.#place,
        delta,
        logprobs,
      }),
    ];
  }

  done(draft: Draft): ResponseEvent[] {
    const events = this.#begin();
    const response = completed(this.#call, draft);
    if (draft.calls.length === 0 || draft.text !== "") {
      const { text } = draft;
      const logprobs = this.#logprobs(draft.tokens);
      events.push(
        ...this.#open(),
        this.#event("response.output_text.done", {
          ...this.#place,
          text,
          logprobs,
        }),
        this.#event("response.content_part.done", {
          ...this.#place,
          part: part(text, logprobs),
        }),
      );
    }
    for (const [output_index, item] of response.output.entries()) {
      if (item.type === "function_call") {
        events.push(...this.#calling(item, output_index));
      } else if (output_index > 0) {
        events.push(
          this.#event("response.output_item.added", { output_index, item }),
        );
      }
      events.push(
        this.#event("response.output_item.done", { output_index, item }),
      );
    }
    events.push(this.#event(`response.${response.status}`, { response }));
    return events;
  }

  whole([draft]: readonly Draft[]): object {
    if (draft === undefined) throw new RangeError("No draft");
    return completed(this.#call, draft);
  }

  #event(type: string, body: object): ResponseEvent {
    return { type, sequence_number: this.#sequence++, ...body };
  }

  /** What a response begins with, once. */
  #begin(): ResponseEvent[] {
    if (this.#begun) return [];
    this.#begun = true;
    const response = outline(this.#call, "in_progress");
    return [
      this.#event("response.created", { response }),
      this.#event("response.in_progress", { response }),
    ];
  }

  /** What the message begins with, once it is sure that it is none of calls. */
  #open(): ResponseEvent[] {
    if (this.#opened) return [];
    this.#opened = true;
    const id = idOf("msg", this.#call.requestId);
    return [
      this.#event("response.output_item.added", {
        output_index: 0,
        item: { ...message(id, "", "in_progress"), content: [] },
      }),
      this.#event("response.content_part.added", {
        ...this.#place,
        part: part(""),
      }),
    ];
  }

  /** What comes before a call is done: it is known as a whole. */
  #calling(item: FunctionCall, output_index: number): ResponseEvent[] {
    const { id: item_id, name, arguments: given } = item;
    const at = { item_id, output_index };
    return [
      this.#event("response.output_item.added", {
        output_index,
        item: { ...item, status: "in_progress", arguments: "" },
      }),
      this.#event("response.function_call_arguments.delta", {
        ...at,
        delta: given,
      }),
      this.#event("response.function_call_arguments.done", {
        ...at,
        name,
        arguments: given,
      }),
    ];
  }

  #logprobs(tokens: readonly ScoredToken[] = []): readonly ChatLogprob[] {
    return chatLogprobs(tokens, this.#call.tokenizer).content;
  }
}

/**
 * Holds the events of a stream until its end, so that the response has one id from
 * its beginning on, and that id is the state.
 */
export class HeldResponseWriter extends ResponseWriter {
  readonly #held: ResponseEvent[] = [];

  override text(draft: Draft, event: AnswerEvent): ResponseEvent[] {
    this.#held.push(...super.text(draft, event));
    return [];
  }

  override done(draft: Draft): ResponseEvent[] {
    const events = [...this.#held, ...super.done(draft)];
    const id = events.at(-1)?.response?.id ?? "";
    return events.map((event) =>
      event.response === undefined
        ? event
        : { ...event, response: { ...event.response, id } }
    );
  }
}
