/**
 * `POST /completion`, llama.cpp's own: text goes on with text.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { RequestError } from "../../errors.ts";
import { answerTurns } from "../answer/turn_answer.ts";
import { readLeniently } from "../request/read_body.ts";
import { openSave, planTurns } from "../request/common_request.ts";
import { REPORT } from "../answer/answer_report.ts";
import { needs } from "../request/route_needs.ts";
import { bosBefore, expectPieces } from "../request/named_tokens.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { llamaErrors } from "./llama_error.ts";
import { LlamaCompletionRequest } from "./llama_schema.ts";
import { LlamaWriter } from "./completion_writer.ts";

const LlamaAnswer = z.looseObject({ content: z.string(), ...REPORT });

const completionRoute = createRoute({
  method: "post",
  path: "/completion",
  summary: "Completion (llama.cpp)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: LlamaCompletionRequest,
          example: { prompt: "User: Hello!\n\nAssistant:", n_predict: 64 },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The answer, or its events",
      content: {
        "application/json": {
          schema: z.union([LlamaAnswer, z.array(LlamaAnswer)]),
        },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...llamaErrors(400, 401, 403, 404, 408, 409, 413, 429, 500, 503),
  },
});

/** Answers `/completion`, and refuses `/infill`. */
export function llamaCompletionRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, completionRoute);
  app.post(
    completionRoute.path,
    needs({ takesTurn: true, anyType: true }),
    async (c) => {
      const request = await readLeniently(c, LlamaCompletionRequest);
      const { engine } = c.get("services");
      const prompt = expectPieces(request.prompt, engine.tokenizer, "/prompt");
      const save = await openSave(c, request);
      const bos = bosBefore([prompt], request.bos);
      const logit_bias = tokenBiases(request.logit_bias, engine.tokenizer);
      const asked = { ...request, logit_bias, bos };
      const turns = planTurns(c, asked, save, [{ prompt }], {
        penaltyDecay: 1,
      });
      const { model, tokenizer } = engine;
      const writer = new LlamaWriter({ request, model: model.id, tokenizer });
      return await answerTurns(c, turns, writer, request.stream);
    },
  );
  app.all("/infill", () => {
    throw new RequestError(
      "ERR_REQUEST_INVALID",
      "Cannot fill a gap: the model reads from one end to the other; send " +
        "/completion what comes before",
    );
  });
  return app;
}

/** Biases by tokens: a text that is no id stands for all of its tokens. */
function tokenBiases(
  pairs: LlamaCompletionRequest["logit_bias"],
  tokenizer: Tokenizer,
): Readonly<Record<string, number>> {
  const biases: Record<string, number> = {};
  for (const [piece, bias] of pairs) {
    const ids = /^\d{1,7}$/.test(piece) ? [piece] : tokenizer.encode(piece);
    for (const id of ids) biases[id] = bias;
  }
  return biases;
}
