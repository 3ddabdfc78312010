/**
 * What edits of states take and give.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { Initial } from "../../fields/state_fields.ts";
import { ModelName, TEXT_LIMIT } from "../../fields/text_fields.ts";
import { RequestMessage } from "../generate_schema.ts";
import {
  LEAST_WEIGHT,
  MadeState,
  MOST_WEIGHT,
  output,
  Token,
} from "./state_in_and_out.ts";

/** Statements, examples or facts in one list. */
const MOST_ITEMS = 32;

const factText = z.string().max(TEXT_LIMIT)
  .regex(/\S/, "expected more than white space");

const FactField = z.strictObject({
  question: factText.describe("The question"),
  answer: factText.describe("The expected answer"),
}).openapi("Fact");

const Example = z.strictObject({ user: factText, assistant: factText })
  .openapi("Example");

const ToldExchange = z.object({ user: z.string(), assistant: z.string() })
  .openapi("ToldExchange");

const facts = z.array(FactField).max(MOST_ITEMS);

const statements = z.array(factText).max(MOST_ITEMS).default([]);

const factsToKeep = facts.default([])
  .describe("Facts whose probability must not drop");

const candidates = z.int().min(1).max(16).default(6)
  .describe("Maximum number of attempts, the simplest first; the best is kept");

/** `POST /v1/state/teach`. */
export const TeachRequest = z.strictObject({
  model: ModelName,
  state: Token.optional()
    .describe("State to teach; defaults to a blank one"),
  initial: Initial.optional(),
  statements: statements.describe(
    "Messages of the user, one turn each; the model replies",
  ),
  examples: z.array(Example).max(MOST_ITEMS).default([])
    .describe("Exchanges to learn from, read verbatim"),
  held_out: z.array(Example).max(MOST_ITEMS).default([]).describe(
    "Exchanges that are never read and decide which attempt is best; " +
      "defaults to every fourth example if there are no facts",
  ),
  facts: facts.default([]).describe("Facts to learn"),
  keep: factsToKeep,
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
  messages: z.array(RequestMessage).min(1).max(10_000).optional().describe(
    "Everything the state was told, from the beginning; defaults to its " +
      "transcript. Read again without the exchanges that state the facts",
  ),
  facts: facts.min(1).describe("Facts to forget"),
  statements: statements.describe(
    "Messages to read, such as corrections; defaults to generated ones",
  ),
  keep: factsToKeep,
  candidates,
  ...output,
}).openapi("ForgetRequest");

/** `POST /v1/state/merge`. */
export const MergeRequest = z.strictObject({
  model: ModelName,
  states: z.array(z.strictObject({
    state: Token,
    weight: z.number().min(LEAST_WEIGHT).max(MOST_WEIGHT).default(1)
      .describe("Weight in the mean; weights need not sum to 1"),
    messages: z.array(RequestMessage).min(1).max(10_000).optional()
      .describe("The conversation of the state; if given, it is read again"),
  })).min(2).max(4),
  facts: facts.default([])
    .describe("Facts to preserve"),
  ...output,
}).openapi("MergeRequest");

const nats = z.number().describe("Natural logarithm of a probability");

const FactReport = z.object({
  question: z.string(),
  answer: z.string(),
  tokens: z.int().describe("Tokens of the answer"),
  blank: nats.describe("Log probability of the answer in a blank state"),
  before: nats.describe(
    "Log probability before the edit; the highest of several states",
  ),
  after: nats.describe("Log probability after the edit"),
  says: z.string().optional()
    .describe("Answer of the edited state to the question"),
  achieved: z.boolean()
    .describe("Whether the edit had the intended effect on this fact"),
}).openapi("FactReport");

/** What every edit gives. */
export const EditedState = MadeState.extend({
  object: z.literal("edited_state"),
  achieved: z.boolean().nullable().describe(
    "Whether the edit had the intended effect on every fact; null without facts",
  ),
  summary: z.string().describe("Summary of the result, one sentence"),
  method: z.string().describe(
    "Method of the edit; `nothing` if no attempt improved on the given state",
  ),
  facts: z.array(FactReport).describe(
    "Reports on the facts and the held-out examples",
  ),
  kept: z.array(FactReport).describe("Reports on the facts to preserve"),
  attempts: z.array(z.object({
    method: z.string(),
    facts: z.number().describe("Mean log probability per token of the facts"),
    kept: z.number().optional()
      .describe("Mean log probability per token of the facts to preserve"),
    chosen: z.boolean(),
  })),
}).openapi("EditedState");
/** What every edit gives. */
export type EditedState = z.infer<typeof EditedState>;

/** What teaching gives. */
export const TaughtState = EditedState.extend({
  told: z.array(ToldExchange).describe(
    "What the returned state was told by this edit, in order, with the model's replies",
  ),
  held_out: z.object({
    blank: z.number().describe("In a blank state"),
    before: z.number().describe("In the given state"),
    read: z.number().describe("After reading everything once, in order"),
    taught: z.number().describe("In the returned state"),
  }).optional().describe(
    "Mean log probability per token of text that was not read: facts and " +
      "held-out examples",
  ),
}).openapi("TaughtState");
/** What teaching gives. */
export type TaughtState = z.infer<typeof TaughtState>;
