/**
 * `POST /v1/completions`, OpenAI's older route: text goes on with text.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { DoneEvent } from "../../engine/engine.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { readJson } from "../body.ts";
import { document } from "../document.ts";
import type { AppEnv } from "../services.ts";
import { textOf } from "../tokens.ts";
import {
  type ChoiceEvent,
  choose,
  finishReason,
  openSave,
  sealSave,
  streamChunks,
  usageOf,
} from "./choices.ts";
import { openAiErrors } from "./error.ts";
import { CompletionRequest } from "./schema.ts";

const route = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "OpenAI's completions",
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: CompletionRequest } },
    },
  },
  responses: {
    200: {
      description: "A text_completion, or text_completion events",
      content: {
        "application/json": { schema: z.looseObject({ id: z.string() }) },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...openAiErrors(400, 401, 403, 404, 409, 413, 415, 429, 500, 503),
  },
});

/** A request under way. */
interface Call {
  readonly request: CompletionRequest;
  readonly prompts: readonly string[];
  readonly choices: AsyncGenerator<ChoiceEvent, void>;
  /** What every object of the answer says of itself. */
  readonly head: { id: string; object: string; created: number; model: string };
}

/** Answers `POST /v1/completions`. */
export function completionsRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, route);
  app.post(route.path, async (c) => {
    const { engine } = c.get("services");
    const gone = new AbortController();
    const request = await readJson(c, CompletionRequest);
    const save = await openSave(c, request);
    const prompts = promptTexts(request.prompt, engine.tokenizer);
    const inputs = prompts.map((prompt) => ({ prompt }));
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const call: Call = {
      request,
      prompts,
      choices: choose(c, request, save, inputs, signal),
      head: {
        id: `cmpl-${c.get("requestId")}`,
        object: "text_completion",
        created: Math.floor(Date.now() / 1000),
        model: engine.model.id,
      },
    };
    if (!request.stream) return c.json(await whole(c, call));
    return await streamChunks(c, gone, chunks(c, call), "[DONE]");
  });
  return app;
}

/** The prompts as text, whichever of its four forms the field has. */
function promptTexts(
  prompt: CompletionRequest["prompt"],
  tokenizer: Tokenizer,
): string[] {
  if (typeof prompt === "string") return [prompt];
  const single = prompt.filter((entry) => typeof entry === "number");
  if (single.length > 0) return [textOf(single, tokenizer, "/prompt")];
  return prompt.filter((entry) => typeof entry !== "number").map((entry, i) =>
    typeof entry === "string" ? entry : textOf(entry, tokenizer, `/prompt/${i}`)
  );
}

async function whole(c: Context<AppEnv>, call: Call): Promise<unknown> {
  const { request, prompts, choices, head } = call;
  const { n } = request;
  const texts = prompts.flatMap((prompt) =>
    Array.from({ length: n }, () => request.echo ? prompt : "")
  );
  const ends: DoneEvent[] = [];
  for await (const { index, event } of choices) {
    if (event.type === "text") texts[index] += event.text;
    else ends[index] = event;
  }
  const states = await Promise.all(
    ends.map(({ save }) => sealSave(c, request, save)),
  );
  return {
    ...head,
    choices: ends.map((end, index) => ({
      text: texts[index],
      index,
      logprobs: null,
      finish_reason: finishReason(end),
      ...(ends.length > 1 && { state: states[index] }),
    })),
    usage: usageOf(ends.map(({ usage }) => usage), n),
    state: states[0],
  };
}

async function* chunks(
  c: Context<AppEnv>,
  { request, prompts, choices, head }: Call,
): AsyncGenerator<string, void> {
  const { include_usage: withUsage = false } = request.stream_options ?? {};
  const chunk = (body: object) =>
    JSON.stringify({ ...head, ...(withUsage && { usage: null }), ...body });
  const piece = (index: number, text: string, finish?: string) => ({
    choices: [{ text, index, logprobs: null, finish_reason: finish ?? null }],
  });
  const echoed = new Set<number>();
  const ends: DoneEvent[] = [];
  let left = request.n * prompts.length;
  for await (const { index, event } of choices) {
    if (request.echo && !echoed.has(index)) {
      echoed.add(index);
      const prompt = prompts[Math.floor(index / request.n)] ?? "";
      yield chunk(piece(index, prompt));
    }
    if (event.type === "text") {
      yield chunk(piece(index, event.text));
      continue;
    }
    ends[index] = event;
    left--;
    const state = !withUsage && left === 0 && ends[0] !== undefined
      ? await sealSave(c, request, ends[0].save)
      : undefined;
    yield chunk({ ...piece(index, "", finishReason(event)), state });
  }
  const [first] = ends;
  if (!withUsage || first === undefined) return;
  yield chunk({
    choices: [],
    usage: usageOf(ends.map(({ usage }) => usage), request.n),
    state: await sealSave(c, request, first.save),
  });
}
