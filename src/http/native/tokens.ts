/**
 * `POST /v1/tokenize` and `/v1/detokenize`.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { inSteps } from "../../steps.ts";
import { encoding } from "../../text/stepwise_encoding.ts";
import { decodeTokens } from "../request/named_tokens.ts";
import { postJson } from "./json_route.ts";
import {
  DetokenizeRequest,
  DetokenizeResponse,
  TokenizeRequest,
  TokenizeResponse,
} from "./generate_schema.ts";
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
    elements: ({ text }) => text.length,
  }, async (c, { text, bos = false }) => {
    const { engine: { tokenizer }, bos: begins } = c.get("services");
    const tokens = await inSteps(encoding(text, tokenizer));
    return {
      tokens: bos ? [tokenizer.end, ...tokens] : tokens,
      bos: begins?.text ?? true,
    };
  });
  postJson(app, {
    path: "/v1/detokenize",
    summary: "Decode tokens to text",
    request: DetokenizeRequest,
    example: { tokens: [73, 106] },
    response: DetokenizeResponse,
    elements: ({ tokens }) => tokens.length,
  }, async (c, { tokens }) => {
    const { tokenizer } = c.get("services").engine;
    return {
      text: await decodeTokens(tokens, tokenizer, "/tokens"),
    };
  });
  return app;
}
