/**
 * Answers of two parts: JSON, and the state as bytes. Source: RFC 2046, 5.1.
 *
 * @module
 */

import type { Context } from "hono";
import type { AppEnv } from "../services.ts";
import { type BodyOptions, type Bytes, streamBody } from "./answer_body.ts";
import { jsonPieces } from "./json_answer.ts";

/** The media type of a state on its own. */
export const STATE_TYPE = "application/vnd.gosling.state";

/** The media type of a JSON answer and its state. */
export const PARTS_TYPE = "multipart/mixed";

/** Bytes of the state sent at once. */
const STATE_PIECE_BYTES = 1 << 16;

/** What travels in two parts. */
export interface AnswerParts {
  /** The JSON part. */
  readonly answer: object;
  /** The state; there is no such part without one. */
  readonly state: Bytes | undefined;
}

/**
 * Answers with a part of JSON, then the state if there is one. If they take long,
 * the answer begins without them, and breaks off if they fail.
 */
export async function multipart(
  c: Context<AppEnv>,
  work: Promise<AnswerParts>,
  options: BodyOptions = {},
): Promise<Response> {
  const boundary = crypto.randomUUID();
  const headers = { "content-type": `${PARTS_TYPE}; boundary=${boundary}` };
  return await streamBody(c, headers, async (body) => {
    await body.write(statePieces(await work, boundary));
  }, options);
}

function* statePieces(
  { answer, state }: AnswerParts,
  boundary: string,
): Generator<Bytes, void> {
  const utf8 = new TextEncoder();
  const json = `--${boundary}\r\ncontent-type: application/json\r\n\r\n`;
  const end = `\r\n--${boundary}--\r\n`;
  if (state === undefined) return yield* jsonPieces(answer, json, end);
  yield* jsonPieces(
    answer,
    json,
    `\r\n--${boundary}\r\ncontent-type: ${STATE_TYPE}\r\n` +
      `content-length: ${state.length}\r\n\r\n`,
  );
  for (let at = 0; at < state.length; at += STATE_PIECE_BYTES) {
    yield state.subarray(at, at + STATE_PIECE_BYTES);
  }
  yield utf8.encode(end);
}
