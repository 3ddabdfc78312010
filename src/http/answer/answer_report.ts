/**
 * What an answer of any dialect says of how it came about.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** What became of a state of another model. */
export const Rebased = z.object({
  from: z.string().describe("Fingerprint of the model that made the state"),
  tokens: z.int().describe("Tokens of the text that was read again"),
  ms: z.number().describe("Duration in milliseconds"),
}).openapi("Rebased");

/** What an answer of any dialect says of its schema and of the state it went on from. */
export const REPORT = {
  retries: z.int().optional().describe(
    "Number of times that tokens were taken back because the schema allowed " +
      "none after them; omitted if zero",
  ),
  rebased: Rebased.optional().describe(
    "Present if another model made the state and its text was read again",
  ),
};
