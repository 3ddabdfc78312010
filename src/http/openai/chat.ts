/**
 * `POST /v1/chat/completions`, in OpenAI's shapes. The state is one more field
 * at the top of the request, of the response and of the last chunk.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { DoneEvent } from "../../engine/engine.ts";
import { RequestError } from "../../errors.ts";
import type { Save } from "../../state/save.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { readLeniently } from "../request/body.ts";
import { HISTORY_STATES, needs } from "../request/needs.ts";
import { document } from "../site/document.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import type { AppEnv } from "../services.ts";
import {
  type CallEvent,
  planCalls,
  readingOf,
  tellCalls,
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
import { conversationOf } from "./chat_messages.ts";
import { openAiAnswers } from "./error.ts";
import { idOf } from "./ids.ts";
import { chatLogprobs } from "./logprobs.ts";
import { ChatRequest, StatePlace } from "./schema.ts";

const route = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  summary: "Chat completions (OpenAI)",
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

const needed = needs({
  takesTurn: true,
  states: HISTORY_STATES,
  history: true,
});

/** Answers `POST /v1/chat/completions`. */
export function chatRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, route);
  app.post(route.path, needed, async (c) => {
    const gone = new AbortController();
    const given = await readLeniently(
      c,
      ChatRequest,
      ({ messages, state, continue_final_message: goOn }) =>
        conversationOf(messages, state, goOn).state,
    );
    const { state, ...conversation } = conversationOf(
      given.messages,
      given.state,
      given.continue_final_message,
    );
    const request = { ...given, state, state_in: statePlace(c, given) };
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const plan = planCalls(request);
    const save = await openSave(c, { ...request, ...plan.changes });
    const { messages, ...reading } = readingOf(conversation, plan, save);
    const asked = { ...request, ...plan.changes, ...reading };
    const choices = choose(c, asked, save, [{ messages }], signal);
    const call: Call = {
      request,
      save,
      choices: tellCalls(
        choices,
        plan,
        c.get("services").template?.calls,
      ),
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

/** The header that clients can be set up with once. */
const STATE_IN = "gosling-state-in";

/** Where the state shall be, by the request or the header. */
function statePlace(
  c: Context<AppEnv>,
  { state_in: place }: ChatRequest,
): ChatRequest["state_in"] {
  const header = c.req.header(STATE_IN);
  if (place !== undefined || header === undefined) return place;
  const { success, data } = StatePlace.safeParse(header);
  if (success) return data;
  throw new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot take request: the header ${STATE_IN} is none of ${
      StatePlace.options.join(", ")
    }`,
  );
}

/** What a message says of the state that it leaves. */
function inMessage(
  { request: { state_in: place = "answer" } }: Call,
  state: string | undefined,
): { readonly state?: string } {
  return place === "answer" || state === undefined ? {} : { state };
}

/** Calls under ids that carry the state, where that is asked for. */
function named(
  { request }: Call,
  calls: readonly WrittenCall[],
  state: string | undefined,
): readonly WrittenCall[] {
  if (request.state_in !== "ids" || state === undefined) return calls;
  return calls.map((call, i) => ({ ...call, id: idOf("call", state, i) }));
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
  const calls = made.map((calls, i) => named(call, calls, states[i]));
  return {
    ...head,
    object: "chat.completion",
    choices: ends.map((end, index) => ({
      index,
      message: {
        role: "assistant",
        content: calls[index]?.length ? texts[index] || null : texts[index],
        refusal: null,
        ...(calls[index]?.length && { tool_calls: calls[index] }),
        ...inMessage(call, states[index]),
        ...(thoughts[index] && { reasoning_content: thoughts[index] }),
      },
      logprobs: request.logprobs === undefined
        ? null
        : chatLogprobs(tokens[index] ?? [], tokenizer),
      finish_reason: calls[index]?.length ? "tool_calls" : finishReason(end),
      ...(request.n > 1 && { state: states[index] }),
    })),
    usage: usageOf(ends.map(({ usage }) => usage), request.n),
    state: states[0],
  };
}

async function* chunks(
  c: Context<AppEnv>,
  call: Call,
): AsyncGenerator<string, void> {
  const { request, choices, head } = call;
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
  const states: (string | undefined)[] = [];
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
    states[index] = await sealSave(c, request, event.save);
    if (calls.length > 0) {
      const tool_calls = named(call, calls, states[index])
        .map((one, index) => ({ index, ...one }));
      yield chunk(piece(index, { tool_calls }));
    }
    const finish = calls.length > 0 ? "tool_calls" : finishReason(event);
    const delta = inMessage(call, states[index]);
    const { choices: [choice] } = piece(index, delta, { finish });
    yield chunk({
      choices: [{ ...choice, ...(request.n > 1 && { state: states[index] }) }],
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
