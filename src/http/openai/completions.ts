/**
 * `POST /v1/completions`, OpenAI's older route: text goes on with text.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { DoneEvent } from "../../engine/engine.ts";
import type { Save } from "../../state/save.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { type PromptPieces, promptText } from "../../text/prompt.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { readLeniently } from "../request/body.ts";
import { needs } from "../request/needs.ts";
import { document } from "../site/document.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import type { AppEnv } from "../services.ts";
import { expectTokens } from "../native/tokens.ts";
import {
  type ChoiceEvent,
  choose,
  type CommonRequest,
  finishReason,
  openSave,
  sealSave,
  streamChunks,
  usageOf,
} from "./choices.ts";
import { openAiAnswers } from "./error.ts";
import {
  type CompletionLogprobs,
  completionLogprobs,
  meanLogprob,
} from "./logprobs.ts";
import { CompletionRequest } from "./schema.ts";

const route = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "Completions (OpenAI)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: CompletionRequest,
          example: { model: "gosling", prompt: "User: Hello!\n\nAssistant:" },
        },
      },
    },
  },
  responses: openAiAnswers("A text_completion, or text_completion events"),
});

/** A request under way. */
interface Call {
  /** Its `bos` is what it comes to. */
  readonly request: CompletionRequest;
  readonly prompts: readonly PromptPieces[];
  readonly save: Save | undefined;
  readonly choices: AsyncGenerator<ChoiceEvent, void>;
  /** What every object of the answer says of itself. */
  readonly head: { id: string; object: string; created: number; model: string };
}

const needed = needs({ takesTurn: true });

/** Answers `POST /v1/completions`. */
export function completionsRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, route);
  app.post(route.path, needed, async (c) => {
    const gone = new AbortController();
    const given = await readLeniently(c, CompletionRequest);
    const { engine, bos: beginning } = c.get("services");
    const save = await openSave(c, given);
    const prompts = promptsOf(given.prompt, engine.tokenizer);
    // Tokens are read as they are: the first of them is the first of the text.
    const bos = given.bos ??
      (prompts.some((prompt) => typeof prompt !== "string")
        ? false
        : beginning?.text);
    const request = { ...given, bos };
    const inputs = prompts.map((prompt) => ({ prompt }));
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const call: Call = {
      request,
      prompts,
      save,
      choices: choose(c, drafting(request), save, inputs, signal),
      head: {
        id: `cmpl-${c.get("requestId")}`,
        object: "text_completion",
        created: Math.floor(Date.now() / 1000),
        model: engine.model.id,
      },
    };
    if (!request.stream) return await jsonAnswer(c, whole(c, call));
    return await streamChunks(c, gone, chunks(c, call), "[DONE]");
  });
  return app;
}

/** As many drafts as are asked for; to know the best, they are scored. */
function drafting(request: CompletionRequest): CommonRequest {
  const { n, best_of, logprobs } = request;
  return best_of === n
    ? request
    : { ...request, n: best_of, logprobs: logprobs ?? 0 };
}

/** The prompts, whichever of its four forms the field has. */
function promptsOf(
  prompt: CompletionRequest["prompt"],
  tokenizer: Tokenizer,
): PromptPieces[] {
  if (typeof prompt === "string") return [prompt];
  const single = prompt.filter((entry) => typeof entry === "number");
  if (single.length > 0) return [expectTokens(single, tokenizer, "/prompt")];
  return prompt.filter((entry) => typeof entry !== "number").map((entry, i) =>
    typeof entry === "string"
      ? entry
      : expectTokens(entry, tokenizer, `/prompt/${i}`)
  );
}

/** One answer in the making. */
interface Draft {
  text: string;
  readonly tokens: ScoredToken[];
  end?: DoneEvent;
}

async function whole(c: Context<AppEnv>, call: Call): Promise<object> {
  const { request, prompts, choices, head } = call;
  const { n, best_of: each } = request;
  const { tokenizer } = c.get("services").engine;
  const drafts = Array.from(
    { length: prompts.length * each },
    (): Draft => ({ text: "", tokens: [] }),
  );
  for await (const { index, event } of choices) {
    const draft = drafts[index];
    if (draft === undefined) continue;
    if (event.type === "done") draft.end = event;
    else {
      draft.text += event.text;
      draft.tokens.push(...event.tokens ?? []);
    }
  }
  const shown = prompts.flatMap((prompt, i) =>
    best(drafts.slice(i * each, (i + 1) * each), n)
      .map((draft) => ({ ...draft, prompt }))
  );
  const results = await Promise.all(
    shown.map(async ({ prompt, text, tokens, end }, index) => ({
      text: request.echo ? promptText(prompt, tokenizer) + text : text,
      index,
      logprobs: request.logprobs === undefined
        ? null
        : await logprobsOf(c, call, prompt, tokens),
      finish_reason: end === undefined ? null : finishReason(end),
      state: end && await sealSave(c, request, end.save),
    })),
  );
  const ends = drafts.flatMap(({ end }) => end === undefined ? [] : [end]);
  return {
    ...head,
    choices: results.length > 1
      ? results
      : results.map(({ state: _, ...choice }) => choice),
    usage: usageOf(ends.map(({ usage }) => usage), each),
    state: results[0]?.state,
  };
}

/** The `n` likeliest drafts by their mean token, in that order. */
function best(drafts: readonly Draft[], n: number): readonly Draft[] {
  if (drafts.length === n) return drafts;
  return drafts.toSorted((a, b) =>
    meanLogprob(b.tokens) - meanLogprob(a.tokens)
  )
    .slice(0, n);
}

async function logprobsOf(
  c: Context<AppEnv>,
  { request, save }: Call,
  prompt: PromptPieces,
  tokens: readonly ScoredToken[],
): Promise<CompletionLogprobs> {
  const { engine } = c.get("services");
  if (!request.echo) return completionLogprobs(tokens, engine.tokenizer, 0);
  const [read = []] = await c.get("turns").score({
    ...(save !== undefined && { save }),
    ...(request.bos !== undefined && { bos: request.bos }),
    texts: [prompt],
    top: request.logprobs ?? 0,
  }, c.req.raw.signal);
  return completionLogprobs([...read, ...tokens], engine.tokenizer, 0);
}

async function* chunks(
  c: Context<AppEnv>,
  call: Call,
): AsyncGenerator<string, void> {
  const { request, prompts, choices, head } = call;
  const { include_usage: withUsage = false } = request.stream_options ?? {};
  const { tokenizer } = c.get("services").engine;
  const chunk = (body: object) =>
    JSON.stringify({ ...head, ...(withUsage && { usage: null }), ...body });
  const piece = (
    index: number,
    text: string,
    { finish = null, logprobs = null }: {
      finish?: string | null;
      logprobs?: CompletionLogprobs | null;
    } = {},
  ) => ({ choices: [{ text, index, logprobs, finish_reason: finish }] });
  const lengths = new Map<number, number>();
  const ends: DoneEvent[] = [];
  const states: (string | undefined)[] = [];
  let left = request.n * prompts.length;
  const several = left > 1;
  for await (const { index, event } of choices) {
    if (request.echo && !lengths.has(index)) {
      const prompt = prompts[Math.floor(index / request.n)] ?? "";
      const text = promptText(prompt, tokenizer);
      lengths.set(index, text.length);
      const logprobs = request.logprobs === undefined
        ? null
        : await logprobsOf(c, call, prompt, []);
      yield chunk(piece(index, text, { logprobs }));
    }
    if (event.type === "text") {
      const at = lengths.get(index) ?? 0;
      lengths.set(index, at + event.text.length);
      const logprobs = event.tokens === undefined
        ? null
        : completionLogprobs(event.tokens, tokenizer, at);
      yield chunk(piece(index, event.text, { logprobs }));
      continue;
    }
    ends[index] = event;
    left--;
    states[index] = await sealSave(c, request, event.save);
    const { choices: [choice] } = piece(index, "", {
      finish: finishReason(event),
    });
    yield chunk({
      choices: [{ ...choice, ...(several && { state: states[index] }) }],
      ...(left === 0 && { state: states[0] }),
    });
  }
  if (!withUsage || ends.length === 0) return;
  yield chunk({
    choices: [],
    usage: usageOf(ends.map(({ usage }) => usage), request.n),
    state: states[0],
  });
}
