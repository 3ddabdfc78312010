/**
 * `POST /v1/completions`, OpenAI's older route: text goes on with text.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { PromptPieces } from "../../text/prompt_pieces.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { answerTurns } from "../answer/turn_answer.ts";
import { bosBefore, expectTokens } from "../request/named_tokens.ts";
import { readLeniently } from "../request/read_body.ts";
import {
  type CommonRequest,
  openSave,
  planTurns,
} from "../request/common_request.ts";
import { needs } from "../request/route_needs.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { CompletionWriter } from "./completion_writer.ts";
import { openAiAnswers } from "./openai_error.ts";
import { CompletionRequest } from "./chat_schema.ts";

const completionsOperation = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "Completions (OpenAI)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: CompletionRequest,
          example: { model: "gosling", prompt: "User: Hello!\n\nAssistant:" },
        },
      },
    },
  },
  responses: openAiAnswers("A text_completion, or text_completion events"),
});

const completionsNeeds = needs({ takesTurn: true });

/** Answers `POST /v1/completions`. */
export function completionsRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, completionsOperation);
  app.post(completionsOperation.path, completionsNeeds, async (c) => {
    const given = await readLeniently(c, CompletionRequest);
    const { engine, bos: beginning } = c.get("services");
    const save = await openSave(c, given);
    const prompts = promptsOf(given.prompt, engine.tokenizer);
    const bos = bosBefore(prompts, given.bos, beginning?.text);
    const request = { ...given, bos };
    const inputs = prompts.map((prompt) => ({ prompt }));
    const turns = planTurns(c, drafting(request), save, inputs, {
      penaltyDecay: 1,
    });
    const head = {
      id: `cmpl-${c.get("requestId")}`,
      object: "text_completion",
      created: Math.floor(Date.now() / 1000),
      model: engine.model.id,
    };
    const writer = new CompletionWriter({
      request,
      prompts,
      head,
      tokenizer: engine.tokenizer,
      score: async (prompt) => {
        const [read = []] = await c.get("turns").score({
          ...(save !== undefined && { save }),
          ...(bos !== undefined && { bos }),
          texts: [prompt],
          top: request.logprobs ?? 0,
        }, c.req.raw.signal);
        return read;
      },
    });
    return await answerTurns(c, turns, writer, request.stream);
  });
  return app;
}

/** As many drafts as are asked for; to know the best, they are scored. */
function drafting(request: CompletionRequest): CommonRequest {
  const { n, best_of, logprobs } = request;
  return best_of === n
    ? request
    : { ...request, n: best_of, logprobs: logprobs ?? 0 };
}

/** The prompts, whichever of its four forms the field has. */
function promptsOf(
  prompt: CompletionRequest["prompt"],
  tokenizer: Tokenizer,
): PromptPieces[] {
  if (typeof prompt === "string") return [prompt];
  const single = prompt.filter((entry) => typeof entry === "number");
  if (single.length > 0) return [expectTokens(single, tokenizer, "/prompt")];
  return prompt.filter((entry) => typeof entry !== "number").map((entry, i) =>
    typeof entry === "string"
      ? entry
      : expectTokens(entry, tokenizer, `/prompt/${i}`)
  );
}
