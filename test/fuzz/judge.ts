/**
 * What any answer has to be: documented, in the form it claims, and never a fault
 * of the server's own.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { GoslingError } from "../../src/errors.ts";
import { dialectOf } from "../../src/http/dialects.ts";
import { PROBLEM_TYPE, PROBLEMS } from "../../src/http/problem.ts";

/** Statuses and titles by code. */
const KNOWN: ReadonlyMap<string, readonly [number, string]> = new Map(
  Object.entries(PROBLEMS),
);

/** Codes that OpenAI has other words for. */
const WORDS = new Set([
  "model_not_found",
  "rate_limit_exceeded",
  "invalid_api_key",
]);

/** What an answer was. */
export interface Verdict {
  readonly status: number;
  /** The code of its problem, or what it was instead. */
  readonly code: string;
}

/**
 * Reads an answer to its end and judges it.
 *
 * @throws {AssertionError} Saying what it should not be.
 */
export async function judge(
  path: string,
  response: Response,
): Promise<Verdict> {
  const { status, headers } = response;
  assertMatch(headers.get("x-request-id") ?? "", /^[\da-f-]{36}$/);
  const type = headers.get("content-type") ?? "";
  let text;
  try {
    text = await response.text();
  } catch (error) {
    // What takes long has begun with 200 already, and can only break off.
    if (!(error instanceof GoslingError)) throw error;
    assert(PROBLEMS[(error as GoslingError).code][0] !== 500, error.message);
    return { status, code: `broken off by ${error.code}` };
  }
  assert(status !== 500, text.slice(0, 500));
  assert(!text.includes("    at "), "a stack trace");
  // What answers HEAD, or a question before a request, has no body.
  if (text === "") return { status, code: "empty" };
  if (status >= 400) {
    return { status, code: problemCode(path, status, type, text) };
  }
  if (type.startsWith("text/event-stream")) {
    return { status, code: streamCode(text) };
  }
  if (type.startsWith("application/json")) JSON.parse(text);
  return { status, code: type.split(";")[0] };
}

function problemCode(
  path: string,
  status: number,
  type: string,
  text: string,
): string {
  const body = JSON.parse(text);
  if (dialectOf(new URL(`http://tiny${path}`).pathname) !== undefined) {
    const [, code = ""] = /"code":"(\w+)"/.exec(text) ?? [];
    assert(WORDS.has(code) || KNOWN.has(code), text);
    return code;
  }
  assertEquals(type, PROBLEM_TYPE);
  const [expected, title] = KNOWN.get(body.code) ?? [];
  assertEquals([body.status, body.title], [expected, title]);
  assertEquals(status, expected);
  return body.code;
}

/** A stream ends with what was asked for, or with one problem that is known. */
function streamCode(text: string): string {
  const lines = text.split("\n\n").map((block) =>
    block.replace(/^event: .*\n/, "")
  )
    .filter((block) => block.startsWith("data: "))
    .map((block) => block.slice(6));
  const events = lines.filter((line) => line !== "[DONE]")
    .map((line) => JSON.parse(line));
  const broken = events.find((event) =>
    event.type === "problem" || event.error !== undefined
  );
  if (broken === undefined) return "text/event-stream";
  const code = broken.code ?? broken.error.code;
  assert(WORDS.has(code) || KNOWN.has(code), JSON.stringify(broken));
  assert(KNOWN.get(code)?.[0] !== 500, JSON.stringify(broken));
  return `stream ${code}`;
}
