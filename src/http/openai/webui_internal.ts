/**
 * Routes under `/v1/internal` of text-generation-webui, which its clients ask for the
 * model's name and for tokens. All else they do with OpenAI's completions.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { decodeTokens } from "../request/named_tokens.ts";
import { modelName, text, TOKEN_LIMIT } from "../fields/text_fields.ts";
import { openAiErrors } from "./openai_error.ts";
import { closedObject } from "../fields/closed_object.ts";
import { list } from "../fields/long_lists.ts";
import { readLeniently } from "../request/read_body.ts";
import { textTokens } from "../request/text_tokens.ts";
import { charge } from "../access/charge_tokens.ts";
import { needs } from "../request/route_needs.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";

const InternalText = closedObject({ model: modelName, text })
  .openapi("InternalTextRequest");
const InternalTokens = closedObject({
  model: modelName,
  tokens: list(z.int().min(0)).max(TOKEN_LIMIT),
}).openapi("InternalTokensRequest");

const info = createRoute({
  method: "get",
  path: "/v1/internal/model/info",
  summary: "Name of the first model (text-generation-webui)",
  responses: {
    200: {
      description: "The name",
      content: {
        "application/json": {
          schema: z.object({
            model_name: z.string(),
            lora_names: z.array(z.string()),
          }),
        },
      },
    },
    ...openAiErrors(401, 429),
  },
});

function tokenRoute(
  path: string,
  summary: string,
  { request, example, response }: {
    readonly request: z.ZodType;
    readonly example: unknown;
    readonly response: z.ZodType;
  },
) {
  return createRoute({
    method: "post",
    path,
    summary: `${summary} (text-generation-webui)`,
    request: {
      body: {
        required: true,
        content: { "application/json": { schema: request, example } },
      },
    },
    responses: {
      200: {
        description: "The answer",
        content: { "application/json": { schema: response } },
      },
      ...openAiErrors(400, 401, 404, 408, 413, 415, 429, 503),
    },
  });
}

const encodeRoute = tokenRoute("/v1/internal/encode", "Tokenize a text", {
  request: InternalText,
  example: { text: "Hello!" },
  response: z.object({ tokens: z.array(z.int()), length: z.int() }),
});

const tokenCountRoute = tokenRoute(
  "/v1/internal/token-count",
  "Count a text's tokens",
  {
    request: InternalText,
    example: { text: "Hello!" },
    response: z.object({ length: z.int() }),
  },
);

const decodeRoute = tokenRoute("/v1/internal/decode", "Decode tokens to text", {
  request: InternalTokens,
  example: { tokens: [73, 106] },
  response: z.object({ text: z.string() }),
});

/** Answers the four routes. */
export function webuiInternalRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [info, encodeRoute, tokenCountRoute, decodeRoute]) {
    document(app, route);
  }
  app.get(info.path, (c) => {
    const [first] = c.get("loader").models;
    return c.json({ model_name: first?.id ?? "None", lora_names: [] });
  });
  app.post(encodeRoute.path, needs({}), async (c) => {
    const { text } = await readLeniently(c, InternalText);
    const tokens = await textTokens(c, text);
    return c.json({ tokens, length: tokens.length });
  });
  app.post(tokenCountRoute.path, needs({}), async (c) => {
    const { text } = await readLeniently(c, InternalText);
    const { length } = await textTokens(c, text);
    return c.json({ length });
  });
  app.post(decodeRoute.path, needs({}), async (c) => {
    const { tokens } = await readLeniently(c, InternalTokens);
    charge(c, tokens.length);
    const { tokenizer } = c.get("services").engine;
    return c.json({ text: await decodeTokens(tokens, tokenizer, "/tokens") });
  });
  return app;
}
