/**
 * What an answer of any dialect says of how it came about.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** What became of a state of another model. */
export const Rebased = z.object({
  from: z.string().describe("Fingerprint of the model that made the state"),
  tokens: z.int().describe("Tokens read anew"),
  ms: z.number().describe("Milliseconds that it took"),
}).openapi("Rebased");

/** What an answer of any dialect says of its schema and of the state it went on from. */
export const REPORT = {
  retries: z.int().optional().describe(
    "How often the answer went back from where its schema allowed no token; " +
      "absent: never",
  ),
  rebased: Rebased.optional().describe(
    "Present if the state was another model's and its text was read anew",
  ),
};
