/**
 * JSON answers that carry a state, sent in pieces: the token is neither copied
 * into the text around it nor encoded as a whole.
 *
 * @module
 */

import type { Context } from "hono";
import { PATIENCE_MS, raceTimeout } from "./patience.ts";
import { abortIfStalled } from "./stall.ts";

/** Characters of a member that is worth sending by itself, and of one piece. */
const PIECE = 1 << 16;

/** Text that JSON writes as it is. */
const PLAIN = /^[\w.+/=-]*$/;

/**
 * Answers with `value` as JSON; what is long in it, in pieces. If `value` takes
 * long, the answer begins without it, and breaks off if it fails.
 */
export async function jsonAnswer(
  c: Context,
  value: object | Promise<object>,
  patienceMs = PATIENCE_MS,
): Promise<Response> {
  const type = { "content-type": "application/json" };
  const work = Promise.resolve(value);
  const known = await raceTimeout(work, patienceMs);
  if (known === undefined) {
    // A client that has gone hears of no failure.
    work.catch(() => {});
    return c.body(abortIfStalled(ReadableStream.from(late(work))), 200, type);
  }
  const { text, mark, long } = written(known.value);
  // What is sent whole waits whole for a client that reads nothing.
  const short = long.length === 0 && text.length <= PIECE;
  return short ? c.body(text, 200, type) : c.body(
    abortIfStalled(ReadableStream.from(pieces(text.split(mark), long))),
    200,
    type,
  );
}

async function* late(
  work: Promise<object>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { text, mark, long } = written(await work);
  yield* pieces(text.split(mark), long);
}

/** JSON with marks in place of what is long in it. */
function written(
  value: object,
): { text: string; mark: string; long: readonly string[] } {
  const long: string[] = [];
  // Nobody outside can know it, so it stands in no text.
  const mark = crypto.randomUUID();
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "string" || member.length <= PIECE) return member;
    if (!PLAIN.test(member)) return member;
    long.push(member);
    return mark;
  });
  return { text, mark, long };
}

function* pieces(
  around: readonly string[],
  long: readonly string[],
): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for (const [i, text] of around.entries()) {
    // Not cut as text, where a cut could go through a character.
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length; at += PIECE) {
      yield bytes.subarray(at, at + PIECE);
    }
    const { [i]: member = "" } = long;
    for (let at = 0; at < member.length; at += PIECE) {
      yield encoder.encode(member.slice(at, at + PIECE));
    }
  }
}
