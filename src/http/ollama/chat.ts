/**
 * `POST /api/chat` and `/api/generate`, in Ollama's shapes. A chat has its state as a
 * field, and in its message where that is asked for; a generation has it as `context`,
 * the integers that clients of Ollama send back unread.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { answerTurns } from "../answer/turn_answer.ts";
import { REPORT } from "../answer/answer_report.ts";
import { planCalls, readingOf } from "../request/call_plan.ts";
import { conversationOf } from "../request/carried_conversation.ts";
import { statePlace } from "../fields/state_place.ts";
import { readLeniently } from "../request/read_body.ts";
import {
  type CommonRequest,
  openSave,
  planTurns,
} from "../request/common_request.ts";
import { HISTORY_STATES, needs } from "../request/route_needs.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { bytesOfContext } from "./context.ts";
import { ollamaErrors } from "./ollama_error.ts";
import { OllamaChatRequest, OllamaGenerateRequest } from "./ollama_schema.ts";
import { OllamaChatWriter, OllamaGenerateWriter } from "./answer_writer.ts";

const answerSchemas = {
  200: {
    description: "The answer as JSON, or in lines of JSON",
    content: {
      "application/json": {
        schema: z.looseObject({ model: z.string(), ...REPORT }),
      },
      "application/x-ndjson": { schema: z.string() },
    },
  },
  ...ollamaErrors(400, 401, 403, 404, 408, 409, 413, 429, 500, 503),
};

const chatRoute = createRoute({
  method: "post",
  path: "/api/chat",
  summary: "Chat (Ollama)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: OllamaChatRequest,
          example: {
            model: "gosling",
            messages: [{ role: "user", content: "Hello!" }],
          },
        },
      },
    },
  },
  responses: answerSchemas,
});

const generateRoute = createRoute({
  method: "post",
  path: "/api/generate",
  summary: "Generate (Ollama)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: OllamaGenerateRequest,
          example: { model: "gosling", prompt: "Hello!" },
        },
      },
    },
  },
  responses: answerSchemas,
});

/** States as numbers take up to four times their bytes in digits. */
const CONTEXT_STATES = 4;

/** Answers both routes. */
export function ollamaTurnRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, chatRoute);
  document(app, generateRoute);
  app.post(
    chatRoute.path,
    needs({
      takesTurn: true,
      states: HISTORY_STATES,
      history: true,
      anyType: true,
    }),
    answerChat,
  );
  app.post(
    generateRoute.path,
    needs({
      takesTurn: true,
      states: CONTEXT_STATES,
      numbers: true,
      anyType: true,
    }),
    answerGenerate,
  );
  return app;
}

async function answerChat(c: Context<AppEnv>): Promise<Response> {
  const conversation = (
    { messages, state, continue_final_message: goOn = true }: OllamaChatRequest,
  ) => conversationOf(messages, state, goOn);
  const request = await readLeniently(
    c,
    OllamaChatRequest,
    (request) => conversation(request).state,
  );
  const { state, ...headed } = conversation(request);
  const writer = new OllamaChatWriter(
    requestedTurn(c, request),
    statePlace(c, request.state_in),
  );
  const nothing = request.messages.length === 0 && state === undefined &&
    request.initial === undefined;
  if (nothing) return c.json(writer.nothing());
  const plan = planCalls({ ...request, tool_choice: "auto" });
  const asked = { ...request, state };
  const save = await openSave(c, asked);
  const { messages, ...reading } = readingOf(headed, plan, save);
  const turns = planTurns(c, { ...asked, ...reading }, save, [{ messages }], {
    penaltyDecay: 1,
    calls: plan,
  });
  return await answerTurns(c, turns, writer, request.stream);
}

async function answerGenerate(c: Context<AppEnv>): Promise<Response> {
  const request = await readLeniently(
    c,
    OllamaGenerateRequest,
    ({ context, state }) => context ? bytesOfContext(context) : state,
  );
  const { context, prompt, system, raw, ...rest } = request;
  const state = context ? bytesOfContext(context) : request.state;
  const writer = new OllamaGenerateWriter(requestedTurn(c, request));
  if (prompt === "" && state === undefined && request.initial === undefined) {
    return c.json(writer.nothing());
  }
  const common: CommonRequest = { ...rest, state };
  const save = await openSave(c, common);
  const plan = planCalls({ tools: [], tool_choice: "none" });
  const head = system ? [{ role: "system" as const, content: system }] : [];
  const body = prompt === ""
    ? []
    : [{ role: "user" as const, content: prompt }];
  const { messages, ...reading } = readingOf({ head, body }, plan, save);
  const turns = planTurns(
    c,
    raw ? common : { ...common, ...reading },
    save,
    [raw ? { prompt } : { messages }],
    { penaltyDecay: 1, binary: true },
  );
  return await answerTurns(c, turns, writer, request.stream);
}

function requestedTurn(
  c: Context<AppEnv>,
  { model, logprobs }: OllamaChatRequest | OllamaGenerateRequest,
) {
  const { engine } = c.get("services");
  return {
    model: model ?? engine.model.id,
    logprobs: logprobs !== undefined,
    tokenizer: engine.tokenizer,
  };
}
