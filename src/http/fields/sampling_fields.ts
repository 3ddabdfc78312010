/**
 * Fields that say how tokens are sampled.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { table } from "./long_lists.ts";

const BIASED_TOKEN_ID = /^\d{1,7}$/;

/** How the next token is drawn, as the request's own fields. */
export const samplingFields = {
  temperature: z.number().min(0).max(4).optional().describe(
    "Sampling temperature; 0 always picks the most likely token; defaults to " +
      "the model's, or 1",
  ),
  top_k: z.int().min(0).max(1 << 20).optional().describe(
    "Sample from the k most likely tokens; 0 disables the limit; defaults to " +
      "the model's, or 0",
  ),
  top_p: z.number().min(0).max(1).optional().describe(
    "Sample from the smallest set of tokens whose probability exceeds this; " +
      "defaults to the model's, or 1",
  ),
  min_p: z.number().min(0).max(1).optional().describe(
    "Minimum probability relative to the most likely token; defaults to the " +
      "model's, or 0",
  ),
  presence_penalty: z.number().min(-2).max(2).optional().describe(
    "Subtracted from the logits of tokens sampled before; defaults to the " +
      "model's, or 0",
  ),
  frequency_penalty: z.number().min(-2).max(2).optional().describe(
    "Subtracted from the logits of tokens sampled before, once per " +
      "occurrence; defaults to the model's, or 0",
  ),
  penalty_decay: z.number().min(0).max(1).optional().describe(
    "Decay of the penalties per token; defaults to the model's, or 0.996 (1 on " +
      "OpenAI's routes)",
  ),
  seed: z.int().min(0).optional()
    .describe(
      "Seed of the sampler; defaults to that of the state, else random",
    ),
  logit_bias: table(
    z.string().regex(BIASED_TOKEN_ID, "is not a token id"),
    z.number().min(-100).max(100),
    (id, bias) =>
      BIASED_TOKEN_ID.test(id) && typeof bias === "number" &&
      Math.abs(bias) <= 100,
  ).default({}).describe("Bias added to logits, by token id"),
};

/** Beyond OpenAI's own bound: sliders of clients go further. */
const MOST_TEMPERATURE = 100;

/** How to draw, with OpenAI's bounds, and the native API's additions. */
export const lenientSampling = {
  ...samplingFields,
  temperature: z.number().min(0).max(MOST_TEMPERATURE).optional()
    .describe(
      "Sampling temperature; 0 always picks the most likely token; defaults to " +
        "the model's, or 1",
    ),
  top_k: z.preprocess(
    (value) => value === -1 ? 0 : value,
    samplingFields.top_k,
  ),
  seed: z.int().optional().transform((seed) =>
    seed === -1 ? undefined : seed && seed < 0 ? seed + 2 ** 53 : seed
  ),
};
