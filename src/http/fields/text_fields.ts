/**
 * Fields of any request: texts, the model's name, stop sequences.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { MOST_VALUES } from "../request/json_amount.ts";

/** Characters in one prompt or message. */
export const TEXT_LIMIT = 1 << 20;

/** Tokens in one list. */
export const TOKEN_LIMIT: number = MOST_VALUES;

/** A text. */
export const text = z.string().max(TEXT_LIMIT);

/** `model`: which one is meant; OpenAI's routes want it always. */
export const ModelName = z.string().max(256).optional()
  .describe(
    "Name of the model; defaults to the one that made the state, else the first",
  );

/** Which model; by default the one that made the state, or the first. */
export const modelName = z.string().max(256).optional()
  .transform((name) => name || undefined);

/** `stop`: one text or several. */
export const Stop = z.union([
  z.string().min(1).max(256),
  z.array(z.string().min(1).max(256)).max(16),
]).default([]).describe("Stop sequences; not part of the answer");

const stopText = z.string().max(256);

/** Clients for role play send several for each who takes part. */
const MOST_STOPS = 64;

/** Texts that end the answer; empty ones end nothing. */
export const stops = z.union([
  stopText,
  z.array(stopText.nullable()).max(MOST_STOPS),
])
  .default([])
  .transform((stops) => [stops].flat().filter((text) => Boolean(text)))
  .pipe(z.array(stopText));
