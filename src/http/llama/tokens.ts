/**
 * `POST /tokenize` and `/detokenize`, of llama.cpp and of vLLM: the one calls the text
 * `content`, the other `prompt`, and an answer has what either looks for.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { promptText } from "../../text/prompt_pieces.ts";
import { decodeTokens } from "../request/named_tokens.ts";
import { readLeniently } from "../request/read_body.ts";
import { textTokens } from "../request/text_tokens.ts";
import { charge } from "../access/charge_tokens.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import { MadeList } from "../answer/made_list.ts";
import { needs } from "../request/route_needs.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { llamaErrors } from "./llama_error.ts";
import { RootDetokenizeRequest, RootTokenizeRequest } from "./llama_schema.ts";

/** A conversation has no longest length; some clients keep it in 32 bits. */
const UNBOUNDED_CONTEXT = 2 ** 31 - 1;

const tokenize = createRoute({
  method: "post",
  path: "/tokenize",
  summary: "Tokenize a text (llama.cpp, vLLM)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: RootTokenizeRequest,
          example: { content: "Hello!" },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The tokens",
      content: {
        "application/json": {
          schema: z.object({
            tokens: z.array(
              z.union([
                z.int(),
                z.object({
                  id: z.int(),
                  piece: z.union([z.string(), z.array(z.int())]),
                }),
              ]),
            ),
            count: z.int(),
            max_model_len: z.int(),
            token_strs: z.array(z.string()).optional(),
          }),
        },
      },
    },
    ...llamaErrors(400, 401, 404, 408, 413, 429, 503),
  },
});

const detokenize = createRoute({
  method: "post",
  path: "/detokenize",
  summary: "Decode tokens to text (llama.cpp, vLLM)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: RootDetokenizeRequest,
          example: { tokens: [73, 106] },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The text",
      content: {
        "application/json": {
          schema: z.object({ content: z.string(), prompt: z.string() }),
        },
      },
    },
    ...llamaErrors(400, 401, 404, 408, 413, 429, 503),
  },
});

/** Answers both routes. */
export function rootTokenRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, tokenize);
  document(app, detokenize);
  app.post(tokenize.path, needs({ anyType: true }), async (c) => {
    const request = await readLeniently(c, RootTokenizeRequest);
    const { content, prompt = "", with_pieces, return_token_strs } = request;
    const special = request.add_special || request.add_special_tokens;
    const { tokenizer } = c.get("services").engine;
    const tokens = await textTokens(c, content ?? prompt, special);
    const piece = (id: number) => ({ id, piece: pieceOf(tokenizer.bytes(id)) });
    const text = (token: number) => promptText([token], tokenizer);
    const { length } = tokens;
    return await jsonAnswer(c, {
      tokens: with_pieces ? MadeList.of(tokens, oncePerToken(piece)) : tokens,
      count: length,
      max_model_len: UNBOUNDED_CONTEXT,
      ...(return_token_strs &&
        { token_strs: MadeList.of(tokens, oncePerToken(text)) }),
    });
  });
  app.post(detokenize.path, needs({ anyType: true }), async (c) => {
    const { tokens } = await readLeniently(c, RootDetokenizeRequest);
    const { tokenizer } = c.get("services").engine;
    charge(c, tokens.length);
    const content = await decodeTokens(tokens, tokenizer, "/tokens");
    return c.json({ content, prompt: content });
  });
  return app;
}

/** Makes what stands for a token once, however often it comes. */
function oncePerToken<T>(make: (token: number) => T): (token: number) => T {
  const known = new Map<number, T>();
  return (token) => {
    const found = known.get(token) ?? make(token);
    known.set(token, found);
    return found;
  };
}

/** A token's text, or its bytes where they are no text by themselves. */
function pieceOf(bytes: Uint8Array): string | number[] {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return [...bytes];
  }
}
