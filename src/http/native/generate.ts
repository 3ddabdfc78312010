/**
 * `POST /v1/generate`, the native endpoint: JSON, server-sent events, or two
 * parts with the state as bytes.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { effortOf, thinks, thoughtful } from "../../chat/think.ts";
import type { DoneEvent } from "../../engine/engine.ts";
import type { Save } from "../../state/save.ts";
import { readBody } from "../request/body.ts";
import { needs } from "../request/needs.ts";
import { document, problems } from "../site/document.ts";
import { boundedGrammar, prepareGrammar } from "../request/grammar.ts";
import { openBeginning } from "../request/initial.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import { multipart, PARTS_TYPE } from "../answer/multipart.ts";
import { problem, SchemaError } from "../problem.ts";
import { GenerateEvent, GenerateRequest, GenerateResponse } from "./schema.ts";
import type { AppEnv } from "../services.ts";
import { eventStream } from "../answer/sse.ts";
import { headDigest, splitHead } from "../../chat/head.ts";
import type { AnswerEvent } from "../../chat/turn.ts";
import { requireProfile, samplingOf } from "../request/turn_fields.ts";

const route = createRoute({
  method: "post",
  path: "/v1/generate",
  summary: "Continue a text or a chat and return the new state",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: GenerateRequest,
          example: {
            messages: [{ role: "user", content: "My name is Dave." }],
            temperature: 0,
          },
        },
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["request"],
            properties: {
              request: { $ref: "#/components/schemas/GenerateRequest" },
              state: { type: "string", format: "binary" },
            },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The answer, as JSON, as an event stream or in two parts",
      content: {
        "application/json": { schema: GenerateResponse },
        "text/event-stream": { schema: GenerateEvent },
        [PARTS_TYPE]: {
          schema: { type: "string", format: "binary" },
        },
      },
    },
    ...problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503),
  },
});

/** A turn under way, and what it took to open its save. */
export interface NativeTurn {
  readonly request: GenerateRequest;
  readonly events: AsyncGenerator<AnswerEvent | DoneEvent, void>;
  readonly openMs: number;
}

/** What an answer ends with. */
interface Ending {
  readonly body: Omit<GenerateResponse, "text" | "state">;
  readonly state: string | Uint8Array<ArrayBuffer> | undefined;
}

/** Answers `POST /v1/generate`. */
export function generateRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, route);
  app.post(route.path, needs({ takesTurn: true }), async (c) => {
    const gone = new AbortController();
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const turn = await begin(c, signal);
    const binary = takesParts(c);
    if (!turn.request.stream) {
      const work = wholeAnswer(c, turn, binary);
      return binary ? await multipart(work) : await jsonAnswer(
        c,
        work.then(({ answer, state }) => ({ ...answer, state })),
      );
    }
    const events = lines(c, turn);
    return await eventStream(events.next(), events, {
      onCancel: () => gone.abort(),
      onError: (error) =>
        JSON.stringify({
          ...problem(error, c.get("requestId")),
          type: "problem",
        }),
    });
  });
  return app;
}

/** Checks everything that can be refused before the model works. */
async function begin(
  c: Context<AppEnv>,
  signal: AbortSignal,
): Promise<NativeTurn> {
  const body = await readBody(c, GenerateRequest);
  const { portable } = c.get("services");
  // What is held while the turn runs has no copy of the token.
  const { state, ...request } = body.value;
  if (request.stream && takesParts(c)) throw noStreamOfParts();
  requireProfile(request.state_profile, portable);
  if (body.state !== undefined && state !== undefined) throw twoStates();
  const opening = performance.now();
  const save = await openBeginning(c, {
    state: body.state ?? state,
    initial: request.initial,
  });
  await prepareGrammar(c, boundedGrammar(c, request));
  return startTurn(c, request, save, performance.now() - opening, signal);
}

/** Starts the turn that a request asks for, from a save already open. */
export function startTurn(
  c: Context<AppEnv>,
  request: GenerateRequest,
  save: Save | undefined,
  openMs: number,
  signal: AbortSignal,
): NativeTurn {
  const services = c.get("services");
  const { engine, grammars } = services;
  const { prompt, messages = [] } = request;
  const grammar = boundedGrammar(c, request);
  const { chat_template_kwargs: variables } = request;
  const { id } = engine.model;
  const effort = thinks({ id, template: services.template })
    ? effortOf(undefined, variables)
    : "none";
  const events = c.get("turns").take({
    save,
    input: prompt === undefined ? { messages } : { prompt },
    maxTokens: request.max_tokens,
    sampling: samplingOf(request, services, {
      thinking: prompt === undefined && grammar === undefined &&
        thoughtful(effort),
      penaltyDecay: 0.996,
    }),
    effort,
    variables,
    goOn: request.continue_final_message,
    seed: request.seed,
    told: headDigest(splitHead(messages).head),
    stops: [request.stop].flat(),
    bos: request.bos,
    ...(grammar &&
      { form: { grammars, grammar, written: request.grammar?.written ?? "" } }),
  }, signal);
  return { request, events, openMs };
}

async function* lines(
  c: Context<AppEnv>,
  turn: NativeTurn,
): AsyncGenerator<string, void> {
  for await (const event of turn.events) {
    if (event.type === "text") {
      yield JSON.stringify(event);
    } else {
      const { body, state } = await end(c, turn, event, false);
      yield JSON.stringify({ type: "done", ...body, state });
    }
  }
}

/** A whole answer and the state it left, as text or as bytes. */
export async function wholeAnswer(
  c: Context<AppEnv>,
  turn: NativeTurn,
  binary: boolean,
): Promise<Pick<Ending, "state"> & { readonly answer: GenerateResponse }> {
  let text = "", reasoning = "";
  for await (const event of turn.events) {
    if (event.type === "text") {
      text += event.text;
      reasoning += event.reasoning ?? "";
      continue;
    }
    const { body, state } = await end(c, turn, event, binary);
    const { id, object, model, ...rest } = body;
    const said = { text, ...(reasoning !== "" && { reasoning }) };
    return { answer: { id, object, model, ...said, ...rest }, state };
  }
  throw new Error("A turn had no end");
}

async function end(
  c: Context<AppEnv>,
  { request, openMs }: NativeTurn,
  { finish, save, usage, timings }: DoneEvent,
  binary: boolean,
): Promise<Ending> {
  const { engine, vault } = c.get("services");
  const sealing = performance.now();
  const options = request.state_codec === "none" ? undefined : {
    codec: request.state_codec,
    profile: request.state_profile,
    tenant: c.get("tenant"),
  };
  const sealed = options &&
    await (binary ? vault.sealBytes(save, options) : vault.seal(save, options));
  return {
    body: {
      id: `gen-${c.get("requestId")}`,
      object: "generation",
      model: engine.model.id,
      finish_reason: finish,
      usage: {
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.completionTokens,
        position: usage.position,
        prefill_saved_tokens: usage.prefillSavedTokens,
      },
      ...(sealed && { state_bytes: sealed.bytes, state_codec: sealed.codec }),
      timings: {
        open_ms: micro(openMs),
        prefill_ms: micro(timings.prefillMs),
        decode_ms: micro(timings.decodeMs),
        seal_ms: micro(performance.now() - sealing),
      },
    },
    state: sealed?.token,
  };
}

/** Milliseconds to the microsecond: the clock's own noise is left out. */
function micro(ms: number): number {
  return Math.round(1000 * ms) / 1000;
}

/** Whether the client prefers an answer of two parts. */
function takesParts(c: Context<AppEnv>): boolean {
  return accepts(c, {
    header: "Accept",
    supports: ["application/json", "text/event-stream", PARTS_TYPE],
    default: "application/json",
  }) === PARTS_TYPE;
}

function noStreamOfParts(): SchemaError {
  const detail = `cannot be true where ${PARTS_TYPE} is accepted`;
  return new SchemaError(`Cannot take request: /stream: ${detail}`, [
    { pointer: "/stream", detail },
  ]);
}

function twoStates(): SchemaError {
  const detail = "is there beside the part state";
  return new SchemaError(`Cannot take request: /state: ${detail}`, [
    { pointer: "/state", detail },
  ]);
}
