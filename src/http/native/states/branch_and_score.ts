/**
 * Asking one state several things: `POST /v1/state/branch` and `/v1/state/score`.
 *
 * @module
 */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { check } from "../../request/schema_check.ts";
import { collectDrafts } from "../../answer/turn_answer.ts";
import { planGeneration } from "../generate.ts";
import { GenerationWriter } from "../generation_writer.ts";
import {
  boundedGrammar,
  prepareGrammar,
} from "../../request/request_grammar.ts";
import { openBeginning } from "../../request/open_save.ts";
import { list, MOST_MESSAGES } from "../../fields/long_lists.ts";
import { postJson } from "../json_route.ts";
import { SchemaError } from "../../problem.ts";
import {
  GenerateRequest,
  GenerateResponse,
  RequestMessage,
} from "../generate_schema.ts";
import { Initial, OnMismatch } from "../../fields/state_fields.ts";
import { ModelName, TEXT_LIMIT } from "../../fields/text_fields.ts";
import type { AppEnv } from "../../services.ts";
import { requireProtection } from "../../request/turn_fields.ts";
import { STATE_REFUSALS, Token } from "./state_in_and_out.ts";

const BranchRequest = z.strictObject({
  model: ModelName,
  state: Token.optional().describe("State that every branch continues from"),
  initial: Initial.optional(),
  on_mismatch: OnMismatch,
  branches: z.array(z.record(z.string(), z.unknown())).min(1).max(32)
    .describe(
      "Requests of /v1/generate without `state`, `initial`, `on_mismatch` and `stream`",
    ),
}).openapi("BranchRequest");

const Branches = z.object({
  object: z.literal("branches"),
  branches: z.array(GenerateResponse),
}).openapi("Branches");

const ScoreRequest = z.strictObject({
  model: ModelName,
  state: Token.optional().describe("State before every text"),
  initial: Initial.optional(),
  on_mismatch: OnMismatch,
  prompt: z.string().max(TEXT_LIMIT).optional()
    .describe("Text to read first, verbatim"),
  messages: list(RequestMessage).min(1).max(MOST_MESSAGES).optional()
    .describe("Messages to read first, in place of `prompt`"),
  texts: z.array(z.string().min(1).max(TEXT_LIMIT)).min(1).max(256)
    .describe("Candidate continuations, verbatim"),
}).refine(
  ({ prompt, messages }) => prompt === undefined || messages === undefined,
  "takes prompt or messages, not both",
).openapi("ScoreRequest");

const ScoresBody = z.object({
  object: z.literal("scores"),
  best: z.int().describe("Index of the most likely text"),
  scores: z.array(z.object({
    logprob: z.number().describe(
      "Log probability of the text (natural logarithm)",
    ),
    mean_logprob: z.number().describe("Mean log probability per token"),
    share: z.number().describe("Probability relative to the other texts"),
    tokens: z.array(z.int()),
    token_logprobs: z.array(z.number()),
  })),
}).openapi("Scores");

/** Answers the tools that ask a state. */
export function stateAskRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  postJson(app, {
    path: "/v1/state/branch",
    needs: { takesTurn: true },
    summary: "Generate several continuations of one state",
    request: BranchRequest,
    example: { branches: [{ prompt: "Hello", seed: 1 }, { prompt: "Hi" }] },
    response: Branches,
    refusals: STATE_REFUSALS,
  }, branch);
  postJson(app, {
    path: "/v1/state/score",
    needs: { takesTurn: true },
    summary: "Score candidate texts after a state",
    request: ScoreRequest,
    example: { prompt: "User: Hello!\n\nAssistant:", texts: [" Hi", " No"] },
    response: ScoresBody,
    refusals: STATE_REFUSALS,
  }, score);
  return app;
}

async function branch(
  c: Context<AppEnv>,
  { branches, ...beginning }: z.output<typeof BranchRequest>,
): Promise<z.infer<typeof Branches>> {
  const { engine, ...services } = c.get("services");
  const requests = branches.map((fields, i) => branchRequest(fields, i));
  for (const [i, request] of requests.entries()) {
    if (request.model !== undefined && request.model !== engine.model.id) {
      const detail = `is not ${engine.model.id}, the model of the request`;
      throw new SchemaError(
        `Cannot take request: /branches/${i}/model: ${detail}`,
        [{ pointer: `/branches/${i}/model`, detail }],
      );
    }
    requireProtection(request, services);
    await prepareGrammar(c, boundedGrammar(c, request));
  }
  const opening = performance.now();
  const portable = requests.some(({ state_profile }) =>
    state_profile === "portable"
  );
  const save = await openBeginning(c, {
    ...beginning,
    state_profile: portable ? "portable" : "sealed",
  });
  const openMs = performance.now() - opening;
  const turns = requests.flatMap((request) => planGeneration(c, request, save));
  const gone = new AbortController();
  const { shown } = await collectDrafts(c, turns, { gone });
  const writer = new GenerationWriter(c, openMs);
  return {
    object: "branches",
    branches: shown.map((draft, i) => {
      const answer = writer.whole([draft]);
      return { ...answer, id: `${answer.id}-${i}` };
    }),
  };
}

/** One branch as a request of its own; pointers lead into the list. */
function branchRequest(
  fields: Readonly<Record<string, unknown>>,
  index: number,
): GenerateRequest {
  const at = `/branches/${index}`;
  for (const name of ["state", "initial", "on_mismatch", "stream"]) {
    if (!(name in fields)) continue;
    const detail = "is not a field of a branch";
    throw new SchemaError(`Cannot take request: ${at}/${name}: ${detail}`, [
      { pointer: `${at}/${name}`, detail },
    ]);
  }
  try {
    return check(fields, GenerateRequest);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new SchemaError(
      error.message.replace(": ", `: ${at}: `),
      error.errors.map(({ pointer, detail }) => ({
        pointer: `${at}${pointer}`,
        detail,
      })),
    );
  }
}

async function score(
  c: Context<AppEnv>,
  { prompt, messages, texts, ...beginning }: z.output<typeof ScoreRequest>,
): Promise<z.infer<typeof ScoresBody>> {
  const opened = await openBeginning(c, beginning);
  const read = prompt === undefined && messages === undefined;
  // What is unread would be read again for each text.
  const save = read && (opened?.unread.length ?? 0) <= 1
    ? opened
    : await c.get("turns").read(
      opened,
      messages === undefined ? { prompt: prompt ?? "" } : { messages },
      c.req.raw.signal,
      "unsealed",
    );
  const scored = await c.get("turns").score({
    ...(save !== undefined && { save }),
    texts,
  }, c.req.raw.signal);
  const sums = scored.map((tokens) =>
    tokens.reduce((sum, { logprob }) => sum + logprob, 0)
  );
  const most = Math.max(...sums);
  const total = sums.reduce(
    (sum, logprob) => sum + Math.exp(logprob - most),
    0,
  );
  return {
    object: "scores",
    best: sums.indexOf(most),
    scores: scored.map((tokens, i) => {
      const logprob = sums[i] ?? 0;
      return {
        logprob,
        mean_logprob: logprob / Math.max(1, tokens.length),
        share: Math.exp(logprob - most) / total,
        tokens: tokens.map(({ token }) => token),
        token_logprobs: tokens.map(({ logprob }) => logprob),
      };
    }),
  };
}
