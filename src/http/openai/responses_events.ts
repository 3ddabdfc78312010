/**
 * A response at once, or as events in OpenAI's order. Source: OpenAI's API
 * reference, Responses, streaming events.
 *
 * @module
 */

import type { Context } from "hono";
import type { DoneEvent } from "../../engine/engine.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import type { AppEnv } from "../services.ts";
import type { CallEvent, WrittenCall } from "./calls.ts";
import { idOf } from "./ids.ts";
import { chatLogprobs } from "./logprobs.ts";
import {
  completed,
  functionCall,
  message,
  outline,
  part,
  type ResponseCall,
  type ResponseObject,
} from "./responses_shape.ts";

/** What has been written so far. */
class Draft {
  text = "";
  tokens: ScoredToken[] | undefined;
  thought = "";
  calls: readonly WrittenCall[] = [];

  /** Takes an event; gives the end where it is one. */
  take({ event, calls }: CallEvent): DoneEvent | undefined {
    if (event.type === "done") {
      this.calls = calls;
      return event;
    }
    this.text += event.text;
    if (event.tokens) (this.tokens ??= []).push(...event.tokens);
    this.thought += event.reasoning ?? "";
    return undefined;
  }
}

/** The response at its end. */
export async function wholeResponse(
  c: Context<AppEnv>,
  call: ResponseCall,
): Promise<ResponseObject> {
  const draft = new Draft();
  for await (const event of call.choices) {
    const done = draft.take(event);
    if (done !== undefined) return await completed(c, call, draft, done);
  }
  throw new Error("A turn had no end");
}

/** The events of a stream. The message begins when it is sure to be none of calls. */
export async function* responseEvents(
  c: Context<AppEnv>,
  call: ResponseCall,
): AsyncGenerator<string, void> {
  let sequence = 0;
  const event = (type: string, body: object) =>
    JSON.stringify({ type, sequence_number: sequence++, ...body });
  const item_id = idOf("msg", call.requestId);
  const at = { item_id, output_index: 0, content_index: 0 };
  const draft = new Draft();
  const { tokenizer } = c.get("services").engine;
  const logprobs = (tokens: readonly ScoredToken[] = []) =>
    chatLogprobs(tokens, tokenizer).content;
  let [begun, opened] = [false, false];
  /** Tokens whose text is held back. */
  const held: ScoredToken[] = [];
  const open = function* () {
    if (opened) return;
    opened = true;
    yield event("response.output_item.added", {
      output_index: 0,
      item: { ...message(item_id, "", "in_progress"), content: [] },
    });
    yield event("response.content_part.added", { ...at, part: part("") });
  };
  for await (const step of call.choices) {
    if (!begun) {
      begun = true;
      const response = outline(call, "in_progress");
      yield event("response.created", { response });
      yield event("response.in_progress", { response });
    }
    const done = draft.take(step);
    if (done === undefined) {
      if (step.event.type !== "text") continue;
      const { text: delta } = step.event;
      held.push(...step.event.tokens ?? []);
      // It may become a call, and no message.
      if (delta === "") continue;
      const tokens = step.event.tokens && held.splice(0);
      yield* open();
      yield event("response.output_text.delta", {
        ...at,
        delta,
        logprobs: logprobs(tokens),
      });
      continue;
    }
    const response = await completed(c, call, draft, done);
    const { text, calls, tokens } = draft;
    const told = calls.length === 0 || text !== "";
    if (told) {
      yield* open();
      const scored = logprobs(tokens);
      yield event("response.output_text.done", {
        ...at,
        text,
        logprobs: scored,
      });
      yield event("response.content_part.done", {
        ...at,
        part: part(text, scored),
      });
    }
    for (const [output_index, item] of response.output.entries()) {
      const made = calls[output_index - (told ? 1 : 0)];
      if (made !== undefined) {
        yield* calling(made, item.id, output_index, event);
      } else if (output_index > 0) {
        yield event("response.output_item.added", { output_index, item });
      }
      yield event("response.output_item.done", { output_index, item });
    }
    yield event(`response.${response.status}`, { response });
  }
}

/**
 * The events of a stream all at once, so that the response has one id from its
 * beginning to its end, and that id is the state.
 */
export async function* heldEvents(
  c: Context<AppEnv>,
  call: ResponseCall,
): AsyncGenerator<string, void> {
  const texts = await Array.fromAsync(responseEvents(c, call));
  const events = texts.map((text) => JSON.parse(text));
  const id = events.at(-1)?.response?.id;
  for (const event of events) {
    yield JSON.stringify(
      event.response === undefined
        ? event
        : { ...event, response: { ...event.response, id } },
    );
  }
}

/** What comes before a call is done: it is known as a whole. */
function* calling(
  made: WrittenCall,
  item_id: string,
  output_index: number,
  event: (type: string, body: object) => string,
): Generator<string, void> {
  const item = functionCall(made, item_id, "in_progress");
  const { name, arguments: given } = item;
  const at = { item_id, output_index };
  yield event("response.output_item.added", {
    output_index,
    item: { ...item, arguments: "" },
  });
  yield event("response.function_call_arguments.delta", {
    ...at,
    delta: given,
  });
  yield event("response.function_call_arguments.done", {
    ...at,
    name,
    arguments: given,
  });
}
