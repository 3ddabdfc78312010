/**
 * What edits of states take and give.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { Initial, ModelName, RequestMessage, TEXT_LIMIT } from "../schema.ts";
import { MadeState, output, Token } from "./common.ts";

/** Statements, examples or facts in one list. */
const MOST_ITEMS = 32;

const text = z.string().min(1).max(TEXT_LIMIT);

const Fact = z.strictObject({
  question: text.describe("What is asked"),
  answer: text.describe("What is answered by a model that knows"),
}).openapi("Fact");

const Example = z.strictObject({ user: text, assistant: text })
  .openapi("Example");

const facts = z.array(Fact).max(MOST_ITEMS);

const statements = z.array(text).max(MOST_ITEMS).default([]);

const keep = facts.default([])
  .describe("Facts that must stay as likely as they are");

const candidates = z.int().min(1).max(16).default(6)
  .describe("Ways to try at most, the plainest first; the best is kept");

/** `POST /v1/state/teach`. */
export const TeachRequest = z.strictObject({
  model: ModelName,
  state: Token.optional()
    .describe("State to teach; a blank one if absent"),
  initial: Initial.optional(),
  statements: statements.describe("Said to the model, which replies to each"),
  examples: z.array(Example).max(MOST_ITEMS).default([])
    .describe("Exchanges to learn from; read as they are"),
  held_out: z.array(Example).max(MOST_ITEMS).default([]).describe(
    "Examples to choose the order and the repetitions by, which are never read; " +
      "every fourth example if there are neither these nor facts",
  ),
  facts: facts.default([]).describe("What must be known afterwards"),
  keep,
  candidates,
  ...output,
}).refine(
  ({ statements, examples }) => statements.length + examples.length > 0,
  "takes statements or examples",
).openapi("TeachRequest");

/** `POST /v1/state/forget`. */
export const ForgetRequest = z.strictObject({
  model: ModelName,
  state: Token,
  facts: facts.min(1).describe("What is to be forgotten"),
  statements: statements.describe(
    "What to say for it, such as a correction; words of the server's own if absent",
  ),
  keep,
  candidates,
  ...output,
}).openapi("ForgetRequest");

/** `POST /v1/state/merge`. */
export const MergeRequest = z.strictObject({
  model: ModelName,
  states: z.array(z.strictObject({
    state: Token,
    weight: z.number().positive().max(1e6).default(1)
      .describe("Weight in the mean; weights need not sum to 1"),
    messages: z.array(RequestMessage).min(1).max(10_000).optional()
      .describe("What the state was told, if it may be read again"),
  })).min(2).max(4),
  facts: facts.default([])
    .describe("What must be known afterwards as well as before"),
  ...output,
}).openapi("MergeRequest");

const nats = z.number().describe("Natural logarithm of a probability");

const FactReport = z.object({
  question: z.string(),
  answer: z.string(),
  tokens: z.int().describe("Tokens of the answer"),
  blank: nats.describe("Log probability of the answer in a blank state"),
  before: nats.describe(
    "Log probability before the edit; of several states, in the best of them",
  ),
  after: nats.describe("Log probability after the edit"),
  says: z.string().optional()
    .describe("What the model answers now when it is asked"),
  achieved: z.boolean()
    .describe("Whether the fact is as it was meant to be after the edit"),
}).openapi("FactReport");

/** What every edit gives. */
export const EditedState = MadeState.extend({
  object: z.literal("edited_state"),
  achieved: z.boolean().nullable().describe(
    "Whether every fact is as it was meant to be; null if none was given",
  ),
  summary: z.string().describe("What was achieved, in a sentence"),
  method: z.string().describe(
    "What was done; `nothing` if nothing was better than the state as it was",
  ),
  facts: z.array(FactReport).describe("The facts, and the examples held out"),
  kept: z.array(FactReport).describe("The facts that had to stay"),
  attempts: z.array(z.object({
    method: z.string(),
    facts: z.number().describe("Mean log probability per token of the facts"),
    kept: z.number().optional()
      .describe("Mean log probability per token of the facts that had to stay"),
    chosen: z.boolean(),
  })),
}).openapi("EditedState");
/** What every edit gives. */
export type EditedState = z.infer<typeof EditedState>;

/** What teaching gives. */
export const TaughtState = EditedState.extend({
  held_out: z.object({
    blank: z.number().describe("In a blank state"),
    before: z.number().describe("In the given state"),
    read: z.number().describe("After reading everything once, in order"),
    taught: z.number().describe("In the returned state"),
  }).optional().describe(
    "Mean log probabilities per token of what was never read: the facts and the " +
      "examples held out",
  ),
}).openapi("TaughtState");
/** What teaching gives. */
export type TaughtState = z.infer<typeof TaughtState>;
