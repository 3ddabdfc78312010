/**
 * What KoboldCpp's clients ask before they generate: versions, the model's name,
 * limits, and how many tokens a text has.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { readLeniently } from "../request/read_body.ts";
import { textTokens } from "../request/text_tokens.ts";
import { needs } from "../request/route_needs.ts";
import { MOST_TOKENS } from "../fields/answer_length.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { koboldErrors } from "./kobold_error.ts";
import { KoboldCountRequest } from "./kobold_schema.ts";

/** The version of KoboldAI's API, and that of KoboldCpp whose routes these are. */
const UNITED = "1.2.5", CPP = "1.93";

/** A conversation has no longest length; some clients keep it in 32 bits. */
const UNBOUNDED_CONTEXT = 2 ** 31 - 1;

function valueRoute(path: string, summary: string, schema: z.ZodType) {
  return createRoute({
    method: "get",
    path,
    summary: `${summary} (KoboldCpp)`,
    responses: {
      200: {
        description: "The answer",
        content: { "application/json": { schema } },
      },
      ...koboldErrors(401, 429),
    },
  });
}

const Result = z.looseObject({ result: z.string() });
const KoboldValue = z.object({ value: z.int() });

const countRoute = createRoute({
  method: "post",
  path: "/api/extra/tokencount",
  summary: "Count the tokens of a text (KoboldCpp)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: KoboldCountRequest,
          example: { prompt: "Hello!" },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The count and the tokens",
      content: {
        "application/json": {
          schema: z.object({ value: z.int(), ids: z.array(z.int()) }),
        },
      },
    },
    ...koboldErrors(400, 401, 404, 408, 413, 422, 429, 503),
  },
});

/** Answers the routes that describe, and that which counts. */
export function koboldModelRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  const describe = (
    path: string,
    summary: string,
    schema: z.ZodType,
    answer: () => object,
  ) => {
    const route = valueRoute(path, summary, schema);
    document(app, route);
    app.get(path, (c) => c.json(answer()));
  };
  const limits = {
    max_context_length: UNBOUNDED_CONTEXT,
    max_length: MOST_TOKENS,
  };
  describe("/api/v1/info/version", "Version of the API", Result, () => ({
    result: UNITED,
  }));
  for (const [name, value] of Object.entries(limits)) {
    describe(
      `/api/v1/config/${name}`,
      "A limit",
      KoboldValue,
      () => ({ value }),
    );
  }
  describe(
    "/api/extra/true_max_context_length",
    "A limit",
    KoboldValue,
    () => ({
      value: UNBOUNDED_CONTEXT,
    }),
  );
  const model = valueRoute("/api/v1/model", "Name of the first model", Result);
  document(app, model);
  app.get(model.path, (c) => {
    const [first] = c.get("loader").models;
    return c.json({ result: `koboldcpp/${first?.id ?? "none"}` });
  });
  const version = valueRoute("/api/extra/version", "Capabilities", Result);
  document(app, version);
  app.get(version.path, (c) =>
    c.json({
      result: "KoboldCpp",
      version: CPP,
      protected: c.get("tenant") !== "",
      txt2img: false,
      vision: false,
      audio: false,
      transcribe: false,
      multiplayer: false,
      websearch: false,
      tts: false,
      embeddings: false,
      savedata: false,
      admin: 0,
    }));
  document(app, countRoute);
  app.post(countRoute.path, needs({ anyType: true }), async (c) => {
    const { prompt, special } = await readLeniently(c, KoboldCountRequest);
    const ids = await textTokens(c, prompt, special);
    return c.json({ value: ids.length, ids });
  });
  return app;
}
