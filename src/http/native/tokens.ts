/**
 * `POST /v1/tokenize` and `/v1/detokenize`.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { postJson } from "./json_route.ts";
import { SchemaError } from "../problem.ts";
import {
  DetokenizeRequest,
  DetokenizeResponse,
  TokenizeRequest,
  TokenizeResponse,
} from "./schema.ts";
import type { AppEnv } from "../services.ts";

/** Answers the routes of the tokenizer. */
export function tokenRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  postJson(app, {
    path: "/v1/tokenize",
    summary: "The tokens of a text",
    request: TokenizeRequest,
    example: { text: "Hello!" },
    response: TokenizeResponse,
  }, (c, { text }) => {
    const { tokenizer } = c.get("services").engine;
    return { tokens: tokenizer.encode(text) };
  });
  postJson(app, {
    path: "/v1/detokenize",
    summary: "The text of tokens",
    request: DetokenizeRequest,
    example: { tokens: [73, 106] },
    response: DetokenizeResponse,
  }, (c, { tokens }) => {
    const { tokenizer } = c.get("services").engine;
    return { text: textOf(tokens, tokenizer, "/tokens") };
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
