/**
 * `POST /v1/tokenize` and `/v1/detokenize`.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { promptText } from "../../text/prompt.ts";
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
    summary: "Tokenize a text",
    request: TokenizeRequest,
    example: { text: "Hello!" },
    response: TokenizeResponse,
  }, (c, { text, bos = false }) => {
    const { engine: { tokenizer }, bos: begins } = c.get("services");
    return {
      tokens: [...(bos ? [tokenizer.end] : []), ...tokenizer.encode(text)],
      bos: begins?.text ?? true,
    };
  });
  postJson(app, {
    path: "/v1/detokenize",
    summary: "Decode tokens to text",
    request: DetokenizeRequest,
    example: { tokens: [73, 106] },
    response: DetokenizeResponse,
  }, (c, { tokens }) => {
    const { tokenizer } = c.get("services").engine;
    return {
      text: promptText(
        expectTokens(tokens, tokenizer, "/tokens"),
        tokenizer,
      ),
    };
  });
  return app;
}

/** Refuses what is no token of the model's; `pointer` is their place in the request. */
export function expectTokens(
  tokens: readonly number[],
  tokenizer: Tokenizer,
  pointer: string,
): readonly number[] {
  const strange = tokens.findIndex((token) => token >= tokenizer.size);
  if (strange < 0) return tokens;
  const detail = `is no token of this model, which has ${tokenizer.size}`;
  throw new SchemaError(
    `Cannot take request: ${pointer}/${strange}: ${detail}`,
    [{ pointer: `${pointer}/${strange}`, detail }],
  );
}
