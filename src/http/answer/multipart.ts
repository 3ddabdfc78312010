/**
 * Answers of two parts, so that a state travels as bytes: no base64, no JSON
 * escape of megabytes. RFC 2046, section 5.1.
 *
 * @module
 */

import { PATIENCE_MS, raceTimeout } from "./patience.ts";
import { abortIfStalled } from "./stall.ts";

/** The media type of a state on its own. */
export const STATE_TYPE = "application/vnd.gosling.state";

/** The media type of a JSON answer and its state. */
export const PARTS_TYPE = "multipart/mixed";

/** What travels in two parts. */
export interface AnswerParts {
  /** The JSON part. */
  readonly answer: object;
  /** The state; there is no such part without one. */
  readonly state: Uint8Array<ArrayBuffer> | string | undefined;
}

/**
 * Answers with a part of JSON, then the state if there is one. If they take long,
 * the answer begins without them, and breaks off if they fail.
 */
export async function multipart(
  work: Promise<AnswerParts>,
  patienceMs = PATIENCE_MS,
): Promise<Response> {
  const boundary = crypto.randomUUID();
  const body = work.then((parts) => written(parts, boundary));
  const known = await raceTimeout(body, patienceMs);
  // A client that has gone hears of no failure.
  body.catch(() => {});
  const answer = known?.value ??
    abortIfStalled(ReadableStream.from(late(body)));
  return new Response(answer, {
    headers: { "content-type": `${PARTS_TYPE}; boundary=${boundary}` },
  });
}

function written({ answer, state }: AnswerParts, boundary: string): Blob {
  const parts: BlobPart[] = [
    `--${boundary}\r\ncontent-type: application/json\r\n\r\n`,
    JSON.stringify(answer),
  ];
  if (state !== undefined) {
    parts.push(
      `\r\n--${boundary}\r\ncontent-type: ${STATE_TYPE}\r\n` +
        `content-length: ${state.length}\r\n\r\n`,
      state,
    );
  }
  parts.push(`\r\n--${boundary}--\r\n`);
  return new Blob(parts);
}

async function* late(
  body: Promise<Blob>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  yield* (await body).stream();
}
