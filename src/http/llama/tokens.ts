/**
 * `POST /tokenize` and `/detokenize`, of llama.cpp and of vLLM: the one calls the text
 * `content`, the other `prompt`, and an answer has what either looks for.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { inSteps, type Steps } from "../../steps.ts";
import { promptText } from "../../text/prompt_pieces.ts";
import { expectTokens } from "../request/named_tokens.ts";
import { readLeniently } from "../request/read_body.ts";
import { textTokens } from "../request/text_tokens.ts";
import { charge } from "../access/charge_tokens.ts";
import { type BodyWriter, streamBody } from "../answer/answer_body.ts";
import { needs } from "../request/route_needs.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { llamaErrors } from "./llama_error.ts";
import { RootDetokenizeRequest, RootTokenizeRequest } from "./llama_schema.ts";

/** A conversation has no longest length; some clients keep it in 32 bits. */
const UNBOUNDED = 2 ** 31 - 1;

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
    const counts = `"count":${length},"max_model_len":${UNBOUNDED}`;
    const type = { "content-type": "application/json" };
    return await streamBody(c, type, async (body) => {
      await inSteps(writing(body, function* () {
        yield `{${counts},"tokens":`;
        yield* listed(tokens, with_pieces ? piece : (id) => id);
        if (return_token_strs) {
          yield ',"token_strs":';
          yield* listed(tokens, text);
        }
        yield "}";
      }));
    });
  });
  app.post(detokenize.path, needs({ anyType: true }), async (c) => {
    const { tokens } = await readLeniently(c, RootDetokenizeRequest);
    const { tokenizer } = c.get("services").engine;
    charge(c, tokens.length);
    const known = expectTokens(tokens, tokenizer, "/tokens");
    const content = promptText(known, tokenizer);
    return c.json({ content, prompt: content });
  });
  return app;
}

/** Tokens of one piece of an answer: about 5 ms. */
const STEP = 2 ** 13;

/** A list as JSON, some tokens at a time; each that comes often is written once. */
function* listed(
  tokens: readonly number[],
  write: (token: number) => unknown,
): Generator<string, void> {
  const known = new Map<number, string>();
  const json = (token: number) => {
    const text = known.get(token) ?? JSON.stringify(write(token));
    known.set(token, text);
    return text;
  };
  yield "[";
  for (let at = 0; at < tokens.length; at += STEP) {
    const step = tokens.slice(at, at + STEP).map(json).join();
    yield (at === 0 ? "" : ",") + step;
  }
  yield "]";
}

/** Writes texts as long as anybody reads them. */
function* writing(
  body: BodyWriter,
  texts: () => Iterable<string>,
): Steps<void> {
  const encoder = new TextEncoder();
  let read = true;
  for (const text of texts()) {
    yield body.write([encoder.encode(text)]).then((more) => {
      read = more;
    });
    if (!read) return;
  }
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
