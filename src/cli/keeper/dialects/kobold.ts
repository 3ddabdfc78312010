/**
 * KoboldCpp's generations.
 *
 * @module
 */

import { objectsIn, textIn, withoutState } from "../client_dialect.ts";
import { isUsual, textDialect } from "./text_prompt.ts";

/** See the module. */
export const kobold = textDialect({
  hear(answer, said) {
    const [result = {}] = objectsIn(said.results);
    answer.text += textIn(result.text) + textIn(said.token);
    const state = result.state ?? said.state;
    if (typeof state !== "string") return said;
    answer.state = state;
    return said.results === undefined
      ? withoutState(said)
      : { ...said, results: objectsIn(said.results).map(withoutState) };
  },
  textOf: ({ memory, prompt, n }) =>
    isUsual(n, 1) ? textIn(memory) + textIn(prompt) : undefined,
  without: { memory: "" },
});
