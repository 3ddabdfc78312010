/**
 * `POST /v1/tokenize` and `/v1/detokenize`.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { inSteps } from "../../steps.ts";
import { encoding } from "../../text/encoding.ts";
import { promptText } from "../../text/prompt.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { postJson } from "./json_route.ts";
import { SchemaError } from "../problem.ts";
import {
  DetokenizeRequest,
  DetokenizeResponse,
  TEXT_LIMIT,
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

/** UTF-8 bytes of the longest text that a request may hold. */
const MOST_BYTES = 4 * TEXT_LIMIT;

/**
 * Refuses what is no token of the model's, and more of them than a text can have:
 * a token of three digits may stand for a hundred spaces.
 *
 * @param pointer Their place in the request.
 */
export function expectTokens(
  tokens: readonly number[],
  tokenizer: Tokenizer,
  pointer: string,
): readonly number[] {
  const refuse = (place: number, detail: string) =>
    new SchemaError(
      `Cannot take request: ${pointer}/${place}: ${detail}`,
      [{ pointer: `${pointer}/${place}`, detail }],
    );
  let bytes = 0;
  for (const [i, token] of tokens.entries()) {
    if (token >= tokenizer.size) {
      throw refuse(
        i,
        `is no token of this model, which has ${tokenizer.size}`,
      );
    }
    bytes += tokenizer.bytes(token).length;
    if (bytes > MOST_BYTES) {
      throw refuse(i, `makes the text longer than ${MOST_BYTES} bytes`);
    }
  }
  return tokens;
}
