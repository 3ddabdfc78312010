/**
 * `POST /v1/messages` and `/v1/messages/count_tokens`, in Anthropic's shapes. The
 * state is the answer's last block, `redacted_thinking`, which clients have to send
 * back as it is: the newest of them is gone on from. Where they are left out, the
 * whole history is read.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { WORLD } from "../../chat/template/chat_forms.ts";
import { BLANK_PHASE } from "../../chat/template/world_form.ts";
import { thinks } from "../../chat/thought/thinking.ts";
import type { Save } from "../../state/save.ts";
import { answerTurns } from "../answer/turn_answer.ts";
import { planCalls, type Reading, readingOf } from "../request/call_plan.ts";
import { conversationOf } from "../request/carried_conversation.ts";
import { readLeniently } from "../request/read_body.ts";
import { openSave, planTurns } from "../request/common_request.ts";
import { openBeginning } from "../request/open_save.ts";
import { textTokens } from "../request/text_tokens.ts";
import { HISTORY_STATES, needs } from "../request/route_needs.ts";
import { REPORT } from "../answer/answer_report.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { anthropicErrors } from "./anthropic_error.ts";
import { MessageWriter } from "./message_writer.ts";
import { CountRequest, MessagesRequest } from "./messages_schema.ts";

const messages = createRoute({
  method: "post",
  path: "/v1/messages",
  summary: "Messages (Anthropic)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: MessagesRequest,
          example: {
            model: "gosling",
            max_tokens: 64,
            messages: [{ role: "user", content: "Hello!" }],
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "A message, or its events",
      content: {
        "application/json": {
          schema: z.looseObject({ id: z.string(), ...REPORT }),
        },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...anthropicErrors(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503),
  },
});

const count = createRoute({
  method: "post",
  path: "/v1/messages/count_tokens",
  summary: "Count the tokens of messages (Anthropic)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: CountRequest,
          example: {
            model: "gosling",
            messages: [{ role: "user", content: "Hello!" }],
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "Tokens that the state has read and that would be read",
      content: {
        "application/json": { schema: z.object({ input_tokens: z.int() }) },
      },
    },
    ...anthropicErrors(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503),
  },
});

/** Answers both routes. */
export function messagesRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, messages);
  document(app, count);
  const needed = { states: HISTORY_STATES, history: true };
  app.post(
    messages.path,
    needs({ takesTurn: true, ...needed }),
    answerMessages,
  );
  app.post(count.path, needs(needed), async (c) => {
    const request = await readLeniently(c, CountRequest, stateOfRequest);
    const save = await openBeginning(c, {
      state: stateOfRequest(request),
      initial: request.initial,
      on_mismatch: request.on_mismatch,
    });
    const input_tokens = await tokensOfRequest(c, request, save);
    return c.json({ input_tokens });
  });
  return app;
}

async function answerMessages(c: Context<AppEnv>): Promise<Response> {
  const request = await readLeniently(c, MessagesRequest, stateOfRequest);
  const plan = planCalls(request);
  const asked = { ...request, state: stateOfRequest(request), ...plan.changes };
  const save = await openSave(c, asked);
  const { messages, ...reading } = readingFor(request, save);
  const turns = planTurns(c, { ...asked, ...reading }, save, [{ messages }], {
    penaltyDecay: 1,
    calls: plan,
  });
  const requestId = c.get("requestId");
  c.header("request-id", requestId);
  const writer = new MessageWriter({
    request,
    model: c.get("services").engine.model.id,
    requestId,
    cached: save?.position ?? 0,
  });
  return await answerTurns(c, turns, writer, request.stream);
}

/** The conversation, the system's words first; a last answer is gone on with. */
function messagesConversation(
  { messages, system, state, continue_final_message: goOn = true }:
    CountRequest,
) {
  const head = system
    ? [{ message: { role: "system" as const, content: system } }]
    : [];
  return conversationOf([...head, ...messages], state, goOn);
}

/** The state that a request goes on from. */
function stateOfRequest(request: CountRequest): string | undefined {
  return messagesConversation(request).state;
}

function readingFor(
  request: CountRequest,
  save: Save | undefined,
): Reading {
  return readingOf(messagesConversation(request), planCalls(request), save);
}

/** What a turn of this request would have read in the end. */
async function tokensOfRequest(
  c: Context<AppEnv>,
  request: CountRequest,
  save: Save | undefined,
): Promise<number> {
  const { engine, template = WORLD, bos } = c.get("services");
  const { messages, toldTools, tell } = readingFor(request, save);
  const thinking = thinks({ id: engine.model.id, template });
  const { prompt, bos: begins = bos?.chat ?? true } = await template.open(
    messages,
    {
      phase: save?.chat ?? BLANK_PHASE,
      begun: save !== undefined,
      answer: true,
      effort: thinking ? request.effort : "none",
      tools: toldTools,
      tell,
      ...(request.chat_template_kwargs &&
        { variables: request.chat_template_kwargs }),
    },
  );
  const first = save === undefined && begins ? 1 : 0;
  let count = (save?.position ?? 0) + first;
  for (const piece of typeof prompt === "string" ? [prompt] : prompt) {
    count += typeof piece === "number"
      ? 1
      : (await textTokens(c, piece)).length;
  }
  return count;
}
