/**
 * JSON answers that carry a state, sent in pieces: the token is neither copied
 * into the text around it nor encoded as a whole.
 *
 * @module
 */

import type { Context } from "hono";
import type { AppEnv } from "../services.ts";
import { type BodyOptions, type Bytes, streamBody } from "./answer_body.ts";
import { PATIENCE_MS, raceTimeout } from "./answer_start.ts";
import { MadeList } from "./made_list.ts";

/** Characters of a member that is worth sending by itself, and of one piece. */
const PIECE = 1 << 16;

/** Numbers of a list that is worth writing by itself. */
const MANY = 1024;

/** Numbers of one piece. */
const NUMBERS = 1 << 13;

/** Entries of one piece of a list that is made meanwhile. */
const MADE = 64;

/** Text that JSON writes as it is. */
const PLAIN = /^[\w.+/=-]*$/;

/**
 * Answers with `value` as JSON; what is long in it, in pieces. If `value` takes
 * long, the answer begins without it, and breaks off if it fails.
 */
export async function jsonAnswer(
  c: Context<AppEnv>,
  value: object | Promise<object>,
  options: BodyOptions = {},
): Promise<Response> {
  const type = { "content-type": "application/json" };
  const work = Promise.resolve(value);
  const known = await raceTimeout(work, options.patienceMs ?? PATIENCE_MS);
  const json = known && written(known.value);
  // What is sent whole waits whole for a client that reads nothing.
  if (json && json.long.length === 0 && json.text.length <= PIECE) {
    return c.body(json.text, 200, type);
  }
  return await streamBody(c, type, async (body) => {
    await body.write(pieces(json ?? written(await work)));
  }, { ...options, patienceMs: 0 });
}

/** A value as JSON in pieces, with something around it. */
export function* jsonPieces(
  value: object,
  before = "",
  after = "",
): Generator<Bytes, void> {
  yield* pieces(written(value), before, after);
}

/** Something long, written by itself: the content of a text, or a list. */
type LongMember = string | readonly number[] | MadeList<unknown>;

/** JSON with marks in place of what is long in it. */
interface MarkedJson {
  readonly text: string;
  readonly mark: string;
  readonly long: readonly LongMember[];
}

function written(value: object): MarkedJson {
  const long: LongMember[] = [];
  // Nobody outside can know it, so it stands in no text.
  const mark = crypto.randomUUID();
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "string") {
      if (member.length <= PIECE || !PLAIN.test(member)) return member;
      long.push(member);
      return mark;
    }
    if (member instanceof MadeList) {
      // An event of a stream is one piece.
      if (member.length <= MADE) return member.slice(0, MADE);
      long.push(member);
      return mark;
    }
    // This would be called for each of a million numbers.
    if (!Array.isArray(member) || member.length <= MANY) return member;
    if (!areNumbers(member)) return member;
    long.push(member);
    return mark;
  });
  return { text, mark, long };
}

function areNumbers(list: readonly unknown[]): list is readonly number[] {
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== "number") return false;
  }
  return true;
}

function* pieces(
  { text, mark, long }: MarkedJson,
  before = "",
  after = "",
): Generator<Bytes, void> {
  const encoder = new TextEncoder();
  const around = `${before}${text}${after}`.split(mark);
  for (const [i, text] of around.entries()) {
    // A mark has quotes, and a list has none.
    const start = isList(long[i - 1]) ? 1 : 0;
    const end = text.length - (isList(long[i]) ? 1 : 0);
    // Not cut as text, where a cut could go through a character.
    const bytes = encoder.encode(text.slice(start, end));
    for (let at = 0; at < bytes.length; at += PIECE) {
      yield bytes.subarray(at, at + PIECE);
    }
    const { [i]: member = "" } = long;
    for (const piece of isList(member) ? listPieces(member) : cut(member)) {
      yield encoder.encode(piece);
    }
  }
}

function isList(
  member: LongMember | undefined,
): member is readonly number[] | MadeList<unknown> {
  return member !== undefined && typeof member !== "string";
}

function* cut(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) {
    yield text.slice(at, at + PIECE);
  }
}

/** A list as JSON, some entries at a time. */
function* listPieces(
  list: readonly number[] | MadeList<unknown>,
): Generator<string> {
  const step = list instanceof MadeList ? MADE : NUMBERS;
  yield "[";
  for (let at = 0; at < list.length; at += step) {
    const json = JSON.stringify(list.slice(at, at + step));
    yield (at === 0 ? "" : ",") + json.slice(1, -1);
  }
  yield "]";
}
