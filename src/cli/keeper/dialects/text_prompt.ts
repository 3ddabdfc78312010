/**
 * Texts that go on with a text, in dialects that call it `prompt`.
 *
 * @module
 */

import {
  AnswerReader,
  carriesState,
  type ClientDialect,
  type Json,
} from "../client_dialect.ts";
import { newText } from "../history_keys.ts";

/** How a dialect tells a text. */
interface TextParts {
  /** What of an answer is to be kept, and what the client is told instead. */
  readonly hear: (answer: AnswerReader, said: Json) => Json;
  /** The text of a request; nothing if it is more than one text, or none. */
  readonly textOf?: (body: Json) => unknown;
  /** Fields that the rest of the text stands for. */
  readonly without?: Json;
}

/** Text that goes on with text. */
export function textDialect(
  { hear, textOf = ({ prompt }) => prompt, without = {} }: TextParts,
): ClientDialect {
  return {
    read(body) {
      const text = carriesState(body) ? undefined : textOf(body);
      return typeof text === "string" ? { kind: "text", text } : undefined;
    },
    resume(body, known, state, space) {
      const prompt = newText(String(textOf(body)).slice(known), space);
      return prompt === undefined
        ? undefined
        : { ...body, ...without, prompt, state };
    },
    listen: () => new AnswerReader(hear),
  };
}

/** Whether a number or switch of a request is at its usual value, or left out. */
export function isUsual(value: unknown, usual: unknown): boolean {
  return (value ?? usual) === usual;
}
