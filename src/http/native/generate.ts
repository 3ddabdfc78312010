/**
 * `POST /v1/generate`, the native endpoint: JSON, server-sent events, or two
 * parts with the state as bytes.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { PENALTY_DECAY } from "../../chat/sampling_profile.ts";
import { headDigest, splitHead } from "../../chat/conversation_head.ts";
import type { Save } from "../../state/save.ts";
import type { Bytes } from "../answer/answer_body.ts";
import type { Draft } from "../answer/answer_draft.ts";
import { multipart, PARTS_TYPE } from "../answer/multipart.ts";
import {
  answerTurns,
  collectDrafts,
  type PlannedTurn,
} from "../answer/turn_answer.ts";
import { SchemaError } from "../problem.ts";
import { readBody } from "../request/read_body.ts";
import { planTurns } from "../request/common_request.ts";
import { boundedGrammar, prepareGrammar } from "../request/request_grammar.ts";
import { openBeginning } from "../request/open_save.ts";
import { needs } from "../request/route_needs.ts";
import { requireProtection } from "../request/turn_fields.ts";
import type { AppEnv } from "../services.ts";
import { document, problems } from "../site/openapi_document.ts";
import { GenerationWriter } from "./generation_writer.ts";
import {
  GenerateEvent,
  GenerateRequest,
  GenerateResponse,
} from "./generate_schema.ts";

const generateOperation = createRoute({
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
      description: "The answer as JSON, as an event stream or as multipart",
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

/** Answers `POST /v1/generate`. */
export function generateRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, generateOperation);
  app.post(generateOperation.path, needs({ takesTurn: true }), async (c) => {
    const { request, turns, openMs } = await beginGeneration(c);
    const writer = new GenerationWriter(c, openMs);
    if (!takesParts(c)) {
      return await answerTurns(c, turns, writer, request.stream);
    }
    const gone = new AbortController();
    const parts = async () => {
      const { shown } = await collectDrafts(c, turns, { gone });
      return { answer: writer.whole(shown), state: stateBytes(shown) };
    };
    return await multipart(c, parts(), { gone });
  });
  return app;
}

/** Checks everything that can be refused before the model works. */
async function beginGeneration(c: Context<AppEnv>): Promise<{
  readonly request: GenerateRequest;
  readonly turns: readonly PlannedTurn[];
  /** What it took to open the save. */
  readonly openMs: number;
}> {
  const body = await readBody(c, GenerateRequest);
  // What is held while the turn runs has no copy of the token.
  const { state, ...request } = body.value;
  const binary = takesParts(c);
  if (request.stream && binary) throw noStreamOfParts();
  requireProtection(request, c.get("services"));
  if (body.state !== undefined && state !== undefined) throw twoStates();
  const opening = performance.now();
  const save = await openBeginning(c, {
    ...request,
    state: body.state ?? state,
  });
  const openMs = performance.now() - opening;
  await prepareGrammar(c, boundedGrammar(c, request));
  return { request, turns: planGeneration(c, request, save, binary), openMs };
}

/** The turn that a request asks for, from a save already open. */
export function planGeneration(
  c: Context<AppEnv>,
  request: GenerateRequest,
  save: Save | undefined,
  binary = false,
): PlannedTurn[] {
  const { prompt, messages = [] } = request;
  const asked = { ...request, told: headDigest(splitHead(messages).head) };
  const input = prompt === undefined ? { messages } : { prompt };
  return planTurns(c, asked, save, [input], {
    penaltyDecay: PENALTY_DECAY,
    binary,
  });
}

function stateBytes([draft]: readonly Draft[]): Bytes | undefined {
  const token = draft?.sealed?.token;
  return typeof token === "string" ? undefined : token;
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
