/**
 * Answers of two parts, so that a state travels as bytes: no base64, no JSON
 * escape of megabytes. RFC 2046, section 5.1.
 *
 * @module
 */

/** The media type of a state on its own. */
export const STATE_TYPE = "application/vnd.gosling.state";

/** The media type of a JSON answer and its state. */
export const PARTS_TYPE = "multipart/mixed";

/** Answers with `json`, then `state` if there is one. */
export function multipart(
  json: unknown,
  state: Uint8Array<ArrayBuffer> | undefined,
): Response {
  const boundary = crypto.randomUUID();
  const parts: BlobPart[] = [
    `--${boundary}\r\ncontent-type: application/json\r\n\r\n`,
    JSON.stringify(json),
  ];
  if (state !== undefined) {
    parts.push(
      `\r\n--${boundary}\r\ncontent-type: ${STATE_TYPE}\r\n` +
        `content-length: ${state.length}\r\n\r\n`,
      state,
    );
  }
  parts.push(`\r\n--${boundary}--\r\n`);
  return new Response(new Blob(parts), {
    headers: { "content-type": `${PARTS_TYPE}; boundary=${boundary}` },
  });
}
