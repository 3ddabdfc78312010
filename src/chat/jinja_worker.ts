/**
 * The thread that writes chats with a model's template. A template comes with a
 * model, and may run for ever, so nothing else lives here.
 *
 * @module
 */

import { Template } from "@huggingface/jinja";
import { serveCalls } from "../worker/serve_calls.ts";
import { type JinjaQuestion, type JinjaReply, LONGEST_TEXT } from "./jinja.ts";

/** Compiled, by their sources: a thread has one or none. */
const compiled = new Map<string, Template>();

serveCalls<undefined, JinjaQuestion, JinjaReply>(() => (question, respond) =>
  respond(answer(question))
);

function answer({ source, values }: JinjaQuestion): JinjaReply {
  try {
    const template = compiled.get(source) ?? new Template(source);
    compiled.set(source, template);
    const texts = values.map((value) => template.render(value));
    const long = texts.find(({ length }) => length > LONGEST_TEXT);
    return long === undefined
      ? { texts }
      : { failure: `it writes ${long.length} characters` };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
