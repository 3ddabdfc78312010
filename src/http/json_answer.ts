/**
 * JSON answers that carry a state, sent in pieces: the token is neither copied
 * into the text around it nor encoded as a whole.
 *
 * @module
 */

import type { Context } from "hono";

/** Characters of a member that is worth sending by itself, and of one piece. */
const PIECE = 1 << 16;

/** Text that JSON writes as it is. */
const PLAIN = /^[\w.+/=-]*$/;

/** Answers with `value` as JSON; what is long in it, in pieces. */
export function jsonAnswer(c: Context, value: object): Response {
  const long: string[] = [];
  // Nobody outside can know it, so it stands in no text.
  const mark = crypto.randomUUID();
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "string" || member.length <= PIECE) return member;
    if (!PLAIN.test(member)) return member;
    long.push(member);
    return mark;
  });
  const type = { "content-type": "application/json" };
  return long.length === 0
    ? c.body(text, 200, type)
    : c.body(ReadableStream.from(pieces(text.split(mark), long)), 200, type);
}

function* pieces(
  around: readonly string[],
  long: readonly string[],
): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (const [i, text] of around.entries()) {
    yield encoder.encode(text);
    const { [i]: member = "" } = long;
    for (let at = 0; at < member.length; at += PIECE) {
      yield encoder.encode(member.slice(at, at + PIECE));
    }
  }
}
