/**
 * Jinja, the language of chat templates. Templates compute text from values and can
 * do nothing else: there is no way out of the interpreter of `@huggingface/jinja`,
 * which evaluates no code. They may run for ever, though.
 *
 * @module
 */

import { Template } from "@huggingface/jinja";
import {
  type JinjaQuestion,
  type JinjaReply,
  LONGEST_TEXT,
} from "./jinja_interpreter.ts";

/** Compiled, by their sources: a thread has one or none, a tab as many as models. */
const compiled = new Map<string, Template>();

/** Writes a text for each of the values; says why if it cannot. */
export function renderJinja({ source, values }: JinjaQuestion): JinjaReply {
  let template = compiled.get(source);
  try {
    template ??= new Template(source);
    compiled.set(source, template);
  } catch (error) {
    const failure = error instanceof SyntaxError || !(error instanceof Error)
      ? String(error).replace(/^SyntaxError: /, "")
      : `it is not whole, or no Jinja (${error.message})`;
    return { failure, hopeless: true };
  }
  try {
    const texts = values.map((value) => template.render(value));
    const long = texts.find(({ length }) => length > LONGEST_TEXT);
    return long === undefined
      ? { texts }
      : { failure: `it writes ${long.length} characters` };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
