/**
 * `POST /v1/chat/completions`, in OpenAI's shapes. The state is one more field
 * at the top of the request, of the response and of the last chunk.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Message } from "../../chat/template.ts";
import type { DoneEvent } from "../../engine/engine.ts";
import type { Save } from "../../state/save.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { readJson } from "../request/body.ts";
import { document } from "../site/document.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import type { AppEnv } from "../services.ts";
import {
  type CallEvent,
  planCalls,
  tellCalls,
  toldMessages,
  type WrittenCall,
} from "./calls.ts";
import {
  choose,
  finishReason,
  openSave,
  sealSave,
  streamChunks,
  usageOf,
} from "./choices.ts";
import { openAiAnswers } from "./error.ts";
import { chatLogprobs } from "./logprobs.ts";
import { ChatRequest } from "./schema.ts";

const route = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  summary: "OpenAI's chat completions",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: ChatRequest,
          example: {
            model: "gosling",
            messages: [{ role: "user", content: "Hello!" }],
          },
        },
      },
    },
  },
  responses: openAiAnswers(
    "A chat.completion, or chat.completion.chunk events",
  ),
});

/** A request with what it goes on from. */
interface Call {
  readonly request: ChatRequest;
  readonly save: Save | undefined;
  readonly choices: AsyncGenerator<CallEvent, void>;
  /** What every object of the answer says of itself. */
  readonly head: { id: string; created: number; model: string };
}

/** What a chunk may say besides its text. */
interface Piece {
  readonly finish?: string | null;
  readonly tokens?: readonly ScoredToken[];
}

/** Answers `POST /v1/chat/completions`. */
export function chatRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, route);
  app.post(route.path, async (c) => {
    const gone = new AbortController();
    const request = await readJson(c, ChatRequest);
    const save = await openSave(c, request);
    const plan = planCalls(request);
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const messages = typeof request.state === "string"
      ? unread(request.messages)
      : toldMessages(request.messages, plan);
    const asked = { ...request, ...plan.changes };
    const choices = choose(c, asked, save, [{ messages }], signal);
    const call: Call = {
      request,
      save,
      choices: tellCalls(choices, plan),
      head: {
        id: `chatcmpl-${c.get("requestId")}`,
        created: Math.floor(Date.now() / 1000),
        model: c.get("services").engine.model.id,
      },
    };
    if (!request.stream) return await jsonAnswer(c, whole(c, call));
    return await streamChunks(c, gone, chunks(c, call), "[DONE]");
  });
  return app;
}

/**
 * The messages that a state has not read. Clients that send the whole list every
 * time end what the state knows with the assistant's last answer.
 */
export function unread(messages: readonly Message[]): readonly Message[] {
  const known = messages.findLastIndex(({ role }) => role === "assistant");
  return messages.slice(known + 1);
}

async function whole(c: Context<AppEnv>, call: Call): Promise<object> {
  const { request, choices, head } = call;
  const { tokenizer } = c.get("services").engine;
  const texts = Array.from({ length: request.n }, () => "");
  const thoughts = texts.map(() => "");
  const tokens = texts.map((): ScoredToken[] => []);
  const ends: DoneEvent[] = [];
  const made = texts.map((): readonly WrittenCall[] => []);
  for await (const { index, event, calls } of choices) {
    if (event.type === "text") {
      texts[index] += event.text;
      thoughts[index] += event.reasoning ?? "";
      tokens[index]?.push(...event.tokens ?? []);
    } else {
      ends[index] = event;
      made[index] = calls;
    }
  }
  const states = await Promise.all(
    ends.map(({ save }) => sealSave(c, request, save)),
  );
  return {
    ...head,
    object: "chat.completion",
    choices: ends.map((end, index) => ({
      index,
      message: {
        role: "assistant",
        content: made[index]?.length ? null : texts[index],
        refusal: null,
        ...(made[index]?.length && { tool_calls: made[index] }),
        ...(thoughts[index] && { reasoning_content: thoughts[index] }),
      },
      logprobs: request.logprobs === undefined
        ? null
        : chatLogprobs(tokens[index] ?? [], tokenizer),
      finish_reason: made[index]?.length ? "tool_calls" : finishReason(end),
      ...(request.n > 1 && { state: states[index] }),
    })),
    usage: usageOf(ends.map(({ usage }) => usage), request.n),
    state: states[0],
  };
}

async function* chunks(
  c: Context<AppEnv>,
  { request, choices, head }: Call,
): AsyncGenerator<string, void> {
  const { include_usage: withUsage = false } = request.stream_options ?? {};
  const chunk = (body: object) =>
    JSON.stringify({
      ...head,
      object: "chat.completion.chunk",
      ...(withUsage && { usage: null }),
      ...body,
    });
  const { tokenizer } = c.get("services").engine;
  const piece = (
    index: number,
    delta: object,
    { finish = null, tokens }: Piece = {},
  ) => ({
    choices: [{
      index,
      delta,
      logprobs: tokens === undefined ? null : chatLogprobs(tokens, tokenizer),
      finish_reason: finish,
    }],
  });
  const begun = new Set<number>();
  const ends: DoneEvent[] = [];
  let left = request.n;
  for await (const { index, event, calls } of choices) {
    if (!begun.has(index)) {
      begun.add(index);
      yield chunk(piece(index, { role: "assistant", content: "" }));
    }
    if (event.type === "text") {
      const { text, reasoning } = event;
      const delta = {
        ...(text !== "" && { content: text }),
        ...(reasoning !== undefined && { reasoning_content: reasoning }),
      };
      yield chunk(piece(index, delta, event));
      continue;
    }
    ends[index] = event;
    left--;
    if (calls.length > 0) {
      const tool_calls = calls.map((call, index) => ({ index, ...call }));
      yield chunk(piece(index, { tool_calls }));
    }
    const finish = calls.length > 0 ? "tool_calls" : finishReason(event);
    const state = !withUsage && left === 0 && ends[0] !== undefined
      ? await sealSave(c, request, ends[0].save)
      : undefined;
    yield chunk({
      ...piece(index, {}, { finish }),
      state,
    });
  }
  const [first] = ends;
  if (!withUsage || first === undefined) return;
  yield chunk({
    choices: [],
    usage: usageOf(ends.map(({ usage }) => usage), request.n),
    state: await sealSave(c, request, first.save),
  });
}
