/**
 * JSON schemas in requests, and limits of the values that they leave open.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Grammar } from "../../grammar/grammar.ts";

/** A JSON schema, an object. */
export const JsonSchema = z.record(z.string(), z.unknown());

/** `json_limits`: how long values are under a grammar of JSON. */
export const JsonLimitsField = z.strictObject({
  string: z.int().min(1).max(1 << 16).optional()
    .describe("Characters of a string"),
  digits: z.int().min(1).max(20).optional()
    .describe("Digits of a number before and after the decimal point"),
  items: z.int().min(1).max(1 << 16).optional()
    .describe("Items of an array, and properties of an object"),
}).optional().describe(
  "Limits of JSON values that the schema does not bound; defaults to the " +
    "server's, or half of max_tokens (512 to 4096), 20, and an eighth of " +
    "max_tokens (32 to 512)",
);

/** The grammar that a JSON schema of a request stands for. */
export function schemaGrammar(
  { schema = {}, strict = false }: {
    readonly schema?: Readonly<Record<string, unknown>> | undefined;
    readonly strict?: boolean | undefined;
  },
): Grammar {
  return { type: "json_schema", schema, strict };
}
