/**
 * llama.cpp's own completions.
 *
 * @module
 */

import { textIn, withoutState } from "../client_dialect.ts";
import { isUsual, textDialect } from "./text_prompt.ts";

/** See the module. */
export const llama = textDialect({
  hear(answer, said) {
    answer.text += textIn(said.content);
    if (typeof said.state !== "string") return said;
    answer.state = said.state;
    return withoutState(said);
  },
  textOf: ({ prompt, n }) => isUsual(n, 1) ? prompt : undefined,
});
