/**
 * `POST /v1/responses`. No response is stored here, and yet `previous_response_id`
 * works: the id of a response *is* its sealed state, and so are those of its items
 * (`responses_items.ts`). Where they shall not be (`store: false`), the state is in
 * a reasoning item alone, as the encrypted content that clients which keep the
 * items send back unread.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { RequestError } from "../../errors.ts";
import type { Grammar } from "../../grammar/grammar.ts";
import { readLeniently } from "../request/read_body.ts";
import { HISTORY_STATES, needs } from "../request/route_needs.ts";
import { document } from "../site/openapi_document.ts";
import { answerTurns } from "../answer/turn_answer.ts";
import type { AppEnv } from "../services.ts";
import { openSave, planTurns } from "../request/common_request.ts";
import { planCalls, readingOf } from "../request/call_plan.ts";
import { openAiAnswers } from "./openai_error.ts";
import { responseStart } from "./responses_items.ts";
import { ResponsesRequest } from "./responses_schema.ts";
import { objectGrammar } from "./chat_schema.ts";
import { schemaGrammar } from "../fields/grammar_fields.ts";
import { HeldResponseWriter, ResponseWriter } from "./responses_writer.ts";
import { statePlace } from "../fields/state_place.ts";

const responsesOperation = createRoute({
  method: "post",
  path: "/v1/responses",
  summary: "Responses (OpenAI)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: ResponsesRequest,
          example: { model: "gosling", input: "Hello!" },
        },
      },
    },
  },
  responses: openAiAnswers("A response, or response.* events"),
});

const responsesNeeds = needs({
  takesTurn: true,
  states: HISTORY_STATES,
  history: true,
});

/** Answers `POST /v1/responses`. */
export function responsesRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, responsesOperation);
  app.post(responsesOperation.path, responsesNeeds, async (c) => {
    const request = await readLeniently(
      c,
      ResponsesRequest,
      (request) => responseStart(request).state,
    );
    const plan = planCalls(request);
    const { state, ...conversation } = responseStart(request);
    const asked = {
      ...request,
      state,
      ...responseLimits(request),
      ...plan.changes,
    };
    const save = await openSave(c, asked);
    const { messages, ...reading } = readingOf(conversation, plan, save);
    const turns = planTurns(c, { ...asked, ...reading }, save, [{ messages }], {
      penaltyDecay: 1,
      calls: plan,
    });
    const { model, tokenizer } = c.get("services").engine;
    const helped = request.stream && c.req.header(HELPER) !== undefined;
    const place = statePlace(c, request.state_in) ?? "ids";
    const held = helped && request.store && place === "ids";
    const Writer = held ? HeldResponseWriter : ResponseWriter;
    const writer = new Writer({
      request,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
      tokenizer,
      requestId: c.get("requestId"),
      stable: helped && !held,
    });
    return await answerTurns(c, turns, writer, request.stream);
  });
  app.all("/v1/responses/:id{.+}", () => {
    throw new RequestError(
      "ERR_REQUEST_NOT_FOUND",
      "Cannot find the response: none is stored here, for its id holds the " +
        "conversation; go on from it with previous_response_id",
    );
  });
  return app;
}

/**
 * The header by which the `openai` package names its own helpers. That for streams
 * of responses fails if the id of a response changes while it is streamed, and no
 * state is known when it begins: such a stream begins when its answer has ended, or,
 * where the request does not want its state in ids, keeps an id without one.
 */
const HELPER = "x-stainless-helper-method";

/** Item of `include`: how likely the tokens of the message were. */
const LOGPROBS_ITEM = "message.output_text.logprobs";

function responseLimits(request: ResponsesRequest) {
  const { max_output_tokens, reasoning, text, include, top_logprobs } = request;
  return {
    logprobs: include?.includes(LOGPROBS_ITEM) ? top_logprobs ?? 0 : undefined,
    max_tokens: max_output_tokens,
    effort: reasoning,
    grammar: responseGrammar(text?.format),
  };
}

function responseGrammar(
  format: NonNullable<ResponsesRequest["text"]>["format"],
): Grammar | undefined {
  switch (format?.type) {
    case "json_object":
      return objectGrammar(format);
    case "json_schema":
      return schemaGrammar(format);
    default:
      return undefined;
  }
}
