/**
 * How long the parts of an answer may become where its schema does not say it. A
 * model that knows no end would write a string, a number or a list for ever.
 *
 * @module
 */

import type { AnswerLimits } from "./answer_state.ts";

/** The limits unless a request names others. */
export const LIMITS: AnswerLimits = {
  characters: 4096,
  items: 512,
  whole: 20,
  fraction: 20,
  depth: 64,
};
