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
import type { Context } from "hono";
import type { Message } from "../../chat/template.ts";
import { StateError } from "../../errors.ts";
import { readJson } from "../body.ts";
import { document } from "../document.ts";
import { jsonAnswer } from "../json_answer.ts";
import type { AppEnv } from "../services.ts";
import { unread } from "./chat.ts";
import { choose, openSave, streamChunks } from "./choices.ts";
import { openAiAnswers } from "./error.ts";
import { ResponsesRequest } from "./responses_schema.ts";
import { grammarOf } from "./schema.ts";
import {
  completed,
  ID,
  message,
  messageId,
  outline,
  part,
  type ResponseCall,
} from "./responses_shape.ts";

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
    const { state, messages } = beginning(request);
    const common = { ...DEFAULTS, ...request, state, ...limits(request) };
    const save = await openSave(c, common);
    const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
    const call: ResponseCall = {
      request,
      common,
      choices: choose(c, common, save, [{ messages }], signal),
      created: Math.floor(Date.now() / 1000),
      model: c.get("services").engine.model.id,
      requestId: c.get("requestId"),
    };
    return request.stream
      ? await streamChunks(c, gone, events(c, call))
      : await jsonAnswer(c, whole(c, call));
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

function limits({ max_output_tokens, reasoning, text }: ResponsesRequest) {
  return {
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
  const messages = input.slice(at + 1).flatMap((item) =>
    item.type === "message" ? [item] : []
  );
  return token === undefined
    ? { state: undefined, messages: [...system, ...messages] }
    : { state: token, messages: unread(messages) };
}

async function whole(c: Context<AppEnv>, call: ResponseCall): Promise<object> {
  const answer = { text: "", thought: "" };
  for await (const { event } of call.choices) {
    if (event.type === "done") return await completed(c, call, answer, event);
    answer.text += event.text;
    answer.thought += event.reasoning ?? "";
  }
  throw new Error("A turn had no end");
}

/** The events of a stream, in OpenAI's order. */
async function* events(
  c: Context<AppEnv>,
  call: ResponseCall,
): AsyncGenerator<string, void> {
  let sequence = 0;
  const event = (type: string, body: object) =>
    JSON.stringify({ type, sequence_number: sequence++, ...body });
  const begun = outline(call, "in_progress");
  const item = messageId(call);
  const at = { item_id: item, output_index: 0, content_index: 0 };
  const answer = { text: "", thought: "" };
  let opened = false;
  const open = function* () {
    if (opened) return;
    opened = true;
    yield event("response.created", { response: begun });
    yield event("response.in_progress", { response: begun });
    yield event("response.output_item.added", {
      output_index: 0,
      item: { ...message(call, "", "in_progress"), content: [] },
    });
    yield event("response.content_part.added", { ...at, part: part("") });
  };
  for await (const { event: turn } of call.choices) {
    yield* open();
    if (turn.type === "text") {
      answer.text += turn.text;
      answer.thought += turn.reasoning ?? "";
      if (turn.text === "") continue;
      yield event("response.output_text.delta", {
        ...at,
        delta: turn.text,
        logprobs: [],
      });
      continue;
    }
    const response = await completed(c, call, answer, turn);
    const { text } = answer;
    yield event("response.output_text.done", { ...at, text, logprobs: [] });
    yield event("response.content_part.done", { ...at, part: part(text) });
    for (const [output_index, item] of response.output.entries()) {
      if (output_index > 0) {
        yield event("response.output_item.added", { output_index, item });
      }
      yield event("response.output_item.done", { output_index, item });
    }
    yield event(`response.${response.status}`, { response });
  }
}
