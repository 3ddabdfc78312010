/**
 * OpenAI's completions, as text-generation-webui, vLLM and KoboldCpp have them too.
 *
 * @module
 */

import { objectsIn, textIn, withoutState } from "../client_dialect.ts";
import { isUsual, textDialect } from "./text_prompt.ts";

/** See the module. */
export const openAiCompletions = textDialect({
  hear(answer, said) {
    const [choice] = objectsIn(said.choices);
    answer.text += textIn(choice?.text);
    if (typeof said.state !== "string") return said;
    answer.state = said.state;
    return withoutState(said);
  },
  textOf: ({ prompt, n, best_of, echo }) =>
    isUsual(n, 1) && isUsual(best_of, 1) && isUsual(echo, false)
      ? prompt
      : undefined,
});
