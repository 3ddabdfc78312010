/**
 * What every dialect's request for an answer comes to: a save to go on from, and one
 * turn or several.
 *
 * @module
 */

import type { Context } from "hono";
import {
  type Effort,
  effortOf,
  thoughtful,
} from "../../chat/thought/thinking.ts";
import { CallReader, type Tool } from "../../chat/tools/tool_calls.ts";
import type { Ask, Input } from "../../chat/chat_turn.ts";
import { RequestError } from "../../errors.ts";
import type { Save } from "../../state/save.ts";
import type { PlannedTurn, StateOutput } from "../answer/turn_answer.ts";
import type { AppEnv } from "../services.ts";
import {
  boundedGrammar,
  type BoundedRequest,
  prepareGrammar,
} from "./request_grammar.ts";
import { openBeginning, type SaveSource } from "./open_save.ts";
import {
  type ProtectionFields,
  requireProtection,
  type SamplingFields,
  samplingOf,
} from "./turn_fields.ts";

/** A request for an answer, whatever dialect it came in. */
export interface CommonRequest
  extends
    SamplingFields,
    Omit<SaveSource, "state_profile">,
    BoundedRequest,
    StateOutput {
  readonly seed?: number | null | undefined;
  readonly stop: string | readonly string[];
  /** Answers for each input; 1 by default. */
  readonly n?: number;
  /** Likeliest tokens to name at each place; none by default. */
  readonly logprobs?: number | undefined;
  /** How much to think; models that cannot do not. */
  readonly effort?: Effort | undefined;
  /** Tokens of a thought at most; by default no bound but the answer's. */
  readonly thinkTokens?: number | undefined;
  /** Whether the answers are calls of functions. */
  readonly call?: boolean;
  /** Whether a text that begins here begins with the end-of-text token. */
  readonly bos?: boolean | undefined;
  /** Digest of the head among the messages. */
  readonly told?: number | undefined;
  /** What may be called. */
  readonly toldTools?: readonly Tool[];
  /** Whether a state is told the head among the messages. */
  readonly tell?: boolean;
  /** Whether a last message of the assistant's is gone on with. */
  readonly continue_final_message?: boolean | undefined;
  /** Variables for the model's own template. */
  readonly chat_template_kwargs?: Ask["variables"];
  /** Whether the states have transcripts; by default, as in the state before. */
  readonly transcript?: boolean | undefined;
}

/** What a dialect has of its own. */
export interface TurnPlan {
  /** How fast draws are forgotten, where neither request nor model says. */
  readonly penaltyDecay: number;
  /** Tools to tell the calls of from text; by default, all is text. */
  readonly calls?:
    | { readonly tools: readonly Tool[]; readonly certain: boolean }
    | undefined;
  /** Whether states are wanted as bytes. */
  readonly binary?: boolean;
}

/** Opens the save that a request goes on from, and tries its grammar. */
export async function openSave(
  c: Context<AppEnv>,
  request:
    & Omit<SaveSource, "state_profile">
    & BoundedRequest
    & ProtectionFields,
): Promise<Save | undefined> {
  requireProtection(request, c.get("services"));
  const save = await openBeginning(c, request);
  await prepareGrammar(c, boundedGrammar(c, request));
  return save;
}

/**
 * The turns of a request: `n` for each input. Turns from one save draw alike, so
 * each of several gets a seed of its own.
 */
export function planTurns(
  c: Context<AppEnv>,
  request: CommonRequest,
  save: Save | undefined,
  inputs: readonly Input[],
  { penaltyDecay, calls, binary = false }: TurnPlan,
): PlannedTurn[] {
  const services = c.get("services");
  const { engine, grammars, template } = services;
  const { call, n = 1 } = request;
  const grammar = boundedGrammar(c, request);
  const { written } = request.grammar ?? {};
  const variables = request.chat_template_kwargs;
  const { id } = engine.model;
  const effort = effortOf({ id, template }, request.effort, variables);
  expectFewLogprobs(request, n * inputs.length);
  const seed = request.seed ??
    (n * inputs.length > 1 ? randomSeed() : undefined);
  const askOf = (input: Input, i: number): Ask => ({
    save,
    input,
    maxTokens: request.max_tokens,
    sampling: samplingOf(request, services, {
      thinking: "messages" in input && grammar === undefined &&
        thoughtful(effort),
      tools: (request.toldTools?.length ?? 0) > 0,
      penaltyDecay,
    }),
    seed: seed === undefined ? undefined : (seed + i) % 2 ** 53,
    stops: [request.stop].flat(),
    logprobs: request.logprobs,
    effort,
    thinkTokens: request.thinkTokens,
    told: request.told,
    tools: request.toldTools,
    tell: request.tell,
    goOn: request.continue_final_message,
    variables,
    bos: request.bos,
    transcript: request.transcript,
    ...(grammar && {
      form: {
        grammars,
        grammar,
        ...(written !== undefined && { written }),
        ...(call && { call }),
      },
    }),
  });
  return inputs.flatMap((input) =>
    Array.from({ length: n }, (_, i) => ({
      ask: askOf(input, i),
      output: request,
      binary,
      ...(calls && {
        calls: new CallReader(calls.tools, calls.certain, template?.calls),
      }),
    }))
  );
}

/**
 * Log probabilities of one request: every one of them is held until its answers are
 * whole, in some 40 bytes.
 */
const MOST_LOGPROBS = 2 ** 22;

/**
 * Refuses a request for more log probabilities than a server can hold for each.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
function expectFewLogprobs(
  { logprobs, max_tokens }: CommonRequest,
  answers: number,
): void {
  if (logprobs === undefined) return;
  const most = answers * max_tokens * (1 + logprobs);
  if (most <= MOST_LOGPROBS) return;
  throw new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot take request: it asks for up to ${most} log probabilities, and the ` +
      `most is ${MOST_LOGPROBS}; ask for fewer tokens, answers or alternatives`,
  );
}

/** Below 2^48, so that seeds of further choices stay exact. */
function randomSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return ((high ?? 0) & 0xffff) * 2 ** 32 + (low ?? 0);
}
