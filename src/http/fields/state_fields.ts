/**
 * Fields that say which state a request goes on from, and how the returned one is
 * written.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { CODEC_NAMES } from "../../state/codec.ts";

/** How a returned state is written. */
export const StateCodec = z.enum([...CODEC_NAMES, "none"]).default("int8")
  .describe("Codec of the returned state; `none` omits it");

/** How a returned state is protected. */
export const StateProfile = z.enum(["sealed", "portable"]).default("sealed")
  .describe(
    "Protection of the returned state; `portable` is unencrypted and must be allowed by the operator",
  );

/** Whether what is made of a returned state may outlive it. */
export const Renewable = z.boolean().optional().describe(
  "Whether states made from the returned one may outlive it, which is the default; " +
    "needs a server whose states expire",
);

/** Whether a returned state has a transcript. */
export const KeepTranscript = z.boolean().optional().describe(
  "Whether the returned state has a transcript of everything it has read; " +
    "defaults to that of the given state, or false for a new text",
);

/** What becomes of a state of another model. */
export const OnMismatch = z.enum(["refuse", "rebase"]).optional().describe(
  "Treatment of a state of another model: `refuse` it, or `rebase`, which reads " +
    "its transcript again first; defaults to the server's setting",
);

/** Where a text begins, if not in a state. */
export const Initial = z.string().max(64)
  .describe("Name of an initial state on this server; /v1/model lists them");

/** Initial states as lists of models show them. */
export const InitialStates = z.array(z.object({
  name: z.string().describe("Value of the field `initial`"),
  position: z.int().describe("Tokens the state has read"),
})).describe("Initial states on this server");
