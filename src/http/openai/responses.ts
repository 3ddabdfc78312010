/**
 * `POST /v1/responses`. No response is stored here, and yet `previous_response_id`
 * works: the id of a response *is* its sealed state. Where it cannot be (a stream
 * has to name itself before its state is known) or shall not be (`store: false`),
 * the state is in a reasoning item instead, as the encrypted content that clients
 * which keep the items send back unread.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Message } from "../../chat/template.ts";
import { callText, type ToolCall } from "../../chat/tools.ts";
import { StateError } from "../../errors.ts";
import { readJson } from "../request/body.ts";
import { document } from "../site/document.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import type { AppEnv } from "../services.ts";
import { planCalls, tellCalls, toldMessages } from "./calls.ts";
import { unread } from "./chat.ts";
import { choose, openSave, streamChunks } from "./choices.ts";
import { openAiAnswers } from "./error.ts";
import { ResponsesRequest } from "./responses_schema.ts";
import { grammarOf } from "./schema.ts";
import { responseEvents, wholeResponse } from "./responses_events.ts";
import { ID, type ResponseCall } from "./responses_shape.ts";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const route = createRoute({
  method: "post",
  path: "/v1/responses",
  summary: "OpenAI's responses",
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

/** Answers `POST /v1/responses`. */
export function responsesRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, route);
  app.post(route.path, async (c) => {
    const gone = new AbortController();
    const request = await readJson(c, ResponsesRequest);
    const plan = planCalls(request);
    const { state, messages } = beginning(request);
    const common = {
      ...DEFAULTS,
      ...request,
      state,
      ...limits(request),
      ...plan.changes,
    };
    const told = state === undefined ? toldMessages(messages, plan) : messages;
    const save = await openSave(c, common);
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const call: ResponseCall = {
      request,
      common,
      choices: tellCalls(
        choose(c, common, save, [{ messages: told }], signal),
        plan,
      ),
      created: Math.floor(Date.now() / 1000),
      model: c.get("services").engine.model.id,
      requestId: c.get("requestId"),
    };
    return request.stream
      ? await streamChunks(c, gone, responseEvents(c, call))
      : await jsonAnswer(c, wholeResponse(c, call));
  });
  return app;
}

const DEFAULTS = {
  top_k: 0,
  min_p: 0,
  presence_penalty: 0,
  frequency_penalty: 0,
  penalty_decay: 1,
  logit_bias: {},
  stop: [],
  n: 1,
};

/** Item of `include`: how likely the tokens of the message were. */
const LOGPROBS = "message.output_text.logprobs";

function limits(request: ResponsesRequest) {
  const { max_output_tokens, reasoning, text, include, top_logprobs } = request;
  return {
    logprobs: include?.includes(LOGPROBS) ? top_logprobs ?? 0 : undefined,
    max_tokens: max_output_tokens,
    effort: reasoning,
    grammar: grammarOf(
      text?.format?.type,
      text?.format?.type === "json_schema" ? text.format : undefined,
    ),
  };
}

/** What to go on from, and the messages it has not read. */
function beginning(
  { input, instructions, previous_response_id, state }: ResponsesRequest,
): { state: string | undefined; messages: readonly Message[] } {
  const system: Message[] = instructions
    ? [{ role: "system", content: instructions }]
    : [];
  const at = input.findLastIndex((item) =>
    item.type === "reasoning" && Boolean(item.encrypted_content)
  );
  const carrier = input[at];
  const carried = carrier?.type === "reasoning"
    ? carrier.encrypted_content
    : undefined;
  const previous = previous_response_id?.replace(ID, "");
  if (previous !== undefined && UUID.test(previous)) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      "Cannot go on from this response: it was streamed or not to be stored, so " +
        "its id holds no state; send its field state instead, or its items",
    );
  }
  const token = state ?? previous ?? carried ?? undefined;
  const messages = said(input.slice(at + 1));
  return token === undefined
    ? { state: undefined, messages: [...system, ...messages] }
    : { state: token, messages: unread(messages) };
}

/** Items as messages; calls in a row were one answer. */
function said(items: ResponsesRequest["input"]): readonly Message[] {
  const messages: Message[] = [];
  let calls: ToolCall[] = [];
  const tell = () => {
    if (calls.length === 0) return;
    messages.push({ role: "assistant", content: callText(calls) });
    calls = [];
  };
  for (const item of items) {
    if (item.type === "function_call") {
      calls.push({ name: item.name, arguments: item.arguments });
    } else if (item.type === "message") {
      tell();
      messages.push(item);
    }
  }
  tell();
  return messages;
}
