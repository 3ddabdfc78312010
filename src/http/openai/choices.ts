/**
 * What OpenAI's routes have in common: a request becomes one turn or several,
 * and every turn a choice.
 *
 * @module
 */

import type { Context } from "hono";
import { type Effort, effortOf, thinks, thoughtful } from "../../chat/think.ts";
import type { Tool } from "../../chat/tools.ts";
import type { DoneEvent, TurnUsage } from "../../engine/engine.ts";
import type { CodecName, Save } from "../../state/save.ts";
import type { Profile } from "../../state/seal.ts";
import type { Grammar } from "../../grammar/grammar.ts";
import type { TemplateVariables } from "../native/schema.ts";
import {
  boundedGrammar,
  type JsonLimits,
  prepareGrammar,
} from "../request/grammar.ts";
import { openBeginning } from "../request/initial.ts";
import type { AppEnv } from "../services.ts";
import { eventStream } from "../answer/sse.ts";
import type { AnswerEvent, Input } from "../../chat/turn.ts";
import {
  requireProfile,
  type SamplingFields,
  samplingOf,
} from "../request/turn_fields.ts";
import { openAiError } from "./error.ts";

/** Fields that every route of OpenAI's has here. */
export interface CommonRequest extends SamplingFields {
  readonly seed?: number | null | undefined;
  readonly max_tokens: number;
  readonly stop: string | readonly string[];
  readonly n: number;
  readonly state?: string | null | undefined;
  readonly initial?: string | null | undefined;
  readonly state_codec: CodecName | "none";
  readonly state_profile: Profile;
  /** Likeliest tokens to name at each place; absent: none are. */
  readonly logprobs?: number | undefined;
  /** How much to think; models that cannot do not. */
  readonly effort?: Effort | undefined;
  /** Tokens of a thought at most; absent: no bound but the answer's. */
  readonly thinkTokens?: number | undefined;
  /** What the answers may be. */
  readonly grammar?: Grammar | undefined;
  /** How long values of JSON may be. */
  readonly json_limits?: JsonLimits | undefined;
  /** Whether they are calls of functions. */
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
  readonly chat_template_kwargs?: TemplateVariables | undefined;
}

/** What happened to one choice. */
export interface ChoiceEvent {
  readonly index: number;
  readonly event: AnswerEvent | DoneEvent;
}

/** Opens the save that a request goes on from. */
export async function openSave(
  c: Context<AppEnv>,
  request: CommonRequest,
): Promise<Save | undefined> {
  const { portable } = c.get("services");
  requireProfile(request.state_profile, portable);
  const save = await openBeginning(c, request);
  await prepareGrammar(c, boundedGrammar(c, request));
  return save;
}

/**
 * Takes `n` turns for each input at once. Turns from one save draw alike, so
 * each gets a seed of its own.
 */
export async function* choose(
  c: Context<AppEnv>,
  request: CommonRequest,
  save: Save | undefined,
  inputs: readonly Input[],
  signal: AbortSignal,
): AsyncGenerator<ChoiceEvent, void> {
  const services = c.get("services");
  const { engine, grammars, template } = services;
  const { call } = request;
  const grammar = boundedGrammar(c, request);
  const variables = request.chat_template_kwargs;
  const effort = thinks({ id: engine.model.id, template })
    ? effortOf(request.effort, variables)
    : undefined;
  const several = request.n * inputs.length > 1;
  const seed = request.seed ?? (several ? randomSeed() : undefined);
  const turns = inputs.flatMap((input) =>
    Array.from({ length: request.n }, (_, i) =>
      c.get("turns").take({
        save,
        input,
        maxTokens: request.max_tokens,
        sampling: samplingOf(request, services, {
          thinking: "messages" in input && grammar === undefined &&
            effort !== undefined && thoughtful(effort),
          penaltyDecay: 1,
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
        ...(grammar &&
          { form: { grammars, grammar, ...(call && { call }) } }),
      }, signal))
  );
  yield* merge(turns);
}

/** The state of a choice as the request wants it. */
export async function sealSave(
  c: Context<AppEnv>,
  request: CommonRequest,
  save: Save,
): Promise<string | undefined> {
  if (request.state_codec === "none") return undefined;
  const { token } = await c.get("services").vault.seal(save, {
    codec: request.state_codec,
    profile: request.state_profile,
    tenant: c.get("tenant"),
  });
  return token;
}

/**
 * Streams chunks as OpenAI's clients read them. The first is waited for, so that
 * an error before it is a real status.
 */
export async function streamChunks(
  c: Context<AppEnv>,
  gone: AbortController,
  chunks: AsyncGenerator<string, void>,
  last?: string,
): Promise<Response> {
  return await eventStream(chunks.next(), chunks, {
    onCancel: () => gone.abort(),
    onError: (error) => JSON.stringify(openAiError(error, c.get("requestId"))),
    ...(last !== undefined && { last }),
  });
}

/** OpenAI has no word for an answer that the server had to cut. */
export function finishReason({ finish }: DoneEvent): "stop" | "length" {
  return finish === "stop" ? "stop" : "length";
}

/** OpenAI's usage: the prompt is the whole text, what was saved is cached. */
export interface OpenAiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** Adds up what the choices of one prompt cost: it is counted once. */
export function usageOf(
  usages: readonly TurnUsage[],
  perPrompt: number,
): OpenAiUsage {
  const prompts = usages.filter((_, i) => i % perPrompt === 0);
  const cached = sum(prompts.map((usage) => usage.prefillSavedTokens));
  const prompt = cached + sum(prompts.map((usage) => usage.promptTokens));
  const completion = sum(usages.map((usage) => usage.completionTokens));
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Below 2^48, so that seeds of further choices stay exact. */
function randomSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return ((high ?? 0) & 0xffff) * 2 ** 32 + (low ?? 0);
}

/** Events as they come, from whichever turn. */
async function* merge(
  turns: readonly AsyncGenerator<AnswerEvent | DoneEvent, void>[],
): AsyncGenerator<ChoiceEvent, void> {
  const next = async (index: number) => ({
    index,
    result: await turns[index]?.next(),
  });
  const pending = new Map(turns.map((_, index) => [index, next(index)]));
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      if (result === undefined || result.done) {
        pending.delete(index);
      } else {
        pending.set(index, next(index));
        yield { index, event: result.value };
      }
    }
  } finally {
    await Promise.allSettled(turns.map((turn) => turn.return()));
  }
}
