/**
 * `POST /v1/tokenize` and `/v1/detokenize`.
 *
 * @module
 */

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Tokenizer } from "../text/tokenizer.ts";
import { readJson } from "./body.ts";
import { document, problems } from "./document.ts";
import { SchemaError } from "./problem.ts";
import {
  DetokenizeRequest,
  DetokenizeResponse,
  TokenizeRequest,
  TokenizeResponse,
} from "./schema.ts";
import type { AppEnv } from "./services.ts";

const tokenize = createRoute({
  method: "post",
  path: "/v1/tokenize",
  summary: "The tokens of a text",
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: TokenizeRequest } },
    },
  },
  responses: {
    200: {
      description: "Token ids",
      content: { "application/json": { schema: TokenizeResponse } },
    },
    ...problems(400, 401, 413, 415, 422),
  },
});

const detokenize = createRoute({
  method: "post",
  path: "/v1/detokenize",
  summary: "The text of tokens",
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: DetokenizeRequest } },
    },
  },
  responses: {
    200: {
      description: "Their text",
      content: { "application/json": { schema: DetokenizeResponse } },
    },
    ...problems(400, 401, 413, 415, 422),
  },
});

/** Answers the routes of the tokenizer. */
export function tokenRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, tokenize);
  document(app, detokenize);
  app.post(tokenize.path, async (c) => {
    const { text } = await readJson(c, TokenizeRequest);
    return c.json({ tokens: c.get("services").engine.tokenizer.encode(text) });
  });
  app.post(detokenize.path, async (c) => {
    const { tokenizer } = c.get("services").engine;
    const { tokens } = await readJson(c, DetokenizeRequest);
    return c.json({ text: textOf(tokens, tokenizer, "/tokens") });
  });
  return app;
}

/** The text of `tokens`, found at `pointer` in the request. */
export function textOf(
  tokens: readonly number[],
  tokenizer: Tokenizer,
  pointer: string,
): string {
  const strange = tokens.findIndex((token) => token >= tokenizer.size);
  if (strange >= 0) {
    const detail = `is no token of this model, which has ${tokenizer.size}`;
    throw new SchemaError(
      `Cannot take request: ${pointer}/${strange}: ${detail}`,
      [{ pointer: `${pointer}/${strange}`, detail }],
    );
  }
  const utf8 = new TextDecoder();
  const pieces = tokens.map((token) =>
    utf8.decode(tokenizer.bytes(token), { stream: true })
  );
  return pieces.join("") + utf8.decode();
}
