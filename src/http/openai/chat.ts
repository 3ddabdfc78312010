/**
 * `POST /v1/chat/completions`, in OpenAI's shapes. The state is one more field
 * at the top of the request, of the response and of the last chunk.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { readLeniently } from "../request/read_body.ts";
import { HISTORY_STATES, needs } from "../request/route_needs.ts";
import { document } from "../site/openapi_document.ts";
import { answerTurns } from "../answer/turn_answer.ts";
import type { AppEnv } from "../services.ts";
import { openSave, planTurns } from "../request/common_request.ts";
import { planCalls, readingOf } from "../request/call_plan.ts";
import { conversationOf } from "../request/carried_conversation.ts";
import { ChatWriter } from "./chat_writer.ts";
import { openAiAnswers } from "./openai_error.ts";
import { ChatRequest } from "./chat_schema.ts";
import { statePlace } from "../fields/state_place.ts";

const chatOperation = createRoute({
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

const chatNeeds = needs({
  takesTurn: true,
  states: HISTORY_STATES,
  history: true,
});

/** Answers `POST /v1/chat/completions`. */
export function chatRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, chatOperation);
  app.post(chatOperation.path, chatNeeds, async (c) => {
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
    const request = {
      ...given,
      state,
      state_in: statePlace(c, given.state_in),
    };
    const plan = planCalls(request);
    const save = await openSave(c, { ...request, ...plan.changes });
    const { messages, ...reading } = readingOf(conversation, plan, save);
    const asked = { ...request, ...plan.changes, ...reading };
    const turns = planTurns(c, asked, save, [{ messages }], {
      penaltyDecay: 1,
      calls: plan,
    });
    const { model, tokenizer } = c.get("services").engine;
    const head = {
      id: `chatcmpl-${c.get("requestId")}`,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
    };
    const writer = new ChatWriter(request, head, tokenizer);
    return await answerTurns(c, turns, writer, request.stream);
  });
  return app;
}
