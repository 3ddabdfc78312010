/**
 * Vocabulary files in the World format: a line a token, `ID LITERAL LENGTH`, where
 * the literal is Python's, of text (`'…'`, `"…"`) or of bytes (`b'…'`), and the
 * length is in bytes. Ids count from 1 without gaps; 0 ends a text.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { TokenBytes } from "./token_bytes.ts";

/**
 * Reads a vocabulary file, with LF or CRLF.
 *
 * @param file For messages.
 * @throws {ModelError} `ERR_VOCABULARY_CORRUPT`, naming the line.
 */
export function parseVocabulary(text: string, file: string): TokenBytes {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const tokens = new TokenBytes([[]]);
  lines.forEach((raw, i) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const refuse = (found: string) => corruptVocabulary(file, i + 1, found);
    const first = line.indexOf(" "), last = line.lastIndexOf(" ");
    if (first < 1 || last <= first) throw refuse("is not ID LITERAL LENGTH");
    const id = line.slice(0, first), length = line.slice(last + 1);
    if (id !== String(i + 1)) {
      throw refuse(`has id ${id.slice(0, 20)}, expected ${i + 1}`);
    }
    const bytes = parseLiteral(line.slice(first + 1, last));
    if (typeof bytes === "string") throw refuse(bytes);
    if (String(bytes.length) !== length) {
      throw refuse(`says ${length.slice(0, 20)} bytes and has ${bytes.length}`);
    }
    if (bytes.length === 0) throw refuse("is an empty token");
    tokens.add(bytes);
  });
  return tokens;
}

function corruptVocabulary(
  file: string,
  line: number,
  found: string,
): ModelError {
  return new ModelError(
    "ERR_VOCABULARY_CORRUPT",
    `Cannot read vocabulary ${file}: line ${line} ${found}`,
  );
}

const UTF8 = new TextEncoder();
/** ASCII without the escapes that name characters. */
const PLAIN_BYTES = /^(?:\\[^uU]|[\0-\x5b\x5d-\x7f])*$/s;
const ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({
    "n": 10,
    "t": 9,
    "r": 13,
    "\\": 92,
    "'": 39,
    '"': 34,
    "a": 7,
    "b": 8,
    "f": 12,
    "v": 11,
    "0": 0,
  }).map(([letter, code]) => [letter.charCodeAt(0), code]),
);
/** Digits that follow x, u and U. */
const DIGITS: ReadonlyMap<number, number> = new Map([
  ["x".charCodeAt(0), 2],
  ["u".charCodeAt(0), 4],
  ["U".charCodeAt(0), 8],
]);
const BACKSLASH = 92, HEX = "0123456789abcdef";

/**
 * The bytes of a Python literal, or what is wrong with it. `'\x80'` is the
 * character U+0080, two bytes in UTF-8; `b'\x80'` is one byte.
 */
export function parseLiteral(literal: string): ArrayLike<number> | string {
  // Of a vocabulary's time, a regular expression took as much as all else.
  const prefix = literal.startsWith("b"), from = prefix ? 2 : 1;
  const quote = literal.charAt(from - 1);
  const quoted = quote === "'" || quote === '"';
  if (!quoted || literal.length <= from || !literal.endsWith(quote)) {
    return "has no Python literal";
  }
  const body = literal.slice(from, -1);
  // Nearly all tokens are plain text, and a vocabulary has thousands.
  if (!prefix && !body.includes("\\") && !body.includes(quote)) {
    return UTF8.encode(body);
  }
  const points = parseEscapes(body, quote);
  if (points === undefined) return "has an escape or a quote out of place";
  if (prefix) {
    if (!PLAIN_BYTES.test(body)) return "has text in bytes";
    return points;
  }
  if (points.every((point) => point < 0x80)) return points;
  if (points.some((p) => p > 0x10ffff || (p >= 0xd800 && p <= 0xdfff))) {
    return "has a surrogate or a number beyond Unicode";
  }
  return UTF8.encode(
    points.map((point) => String.fromCodePoint(point)).join(""),
  );
}

/**
 * The bytes or code points that a literal's body stands for; none if an escape or
 * the quote that surrounds it is out of place.
 */
export function parseEscapes(
  body: string,
  quote?: string,
): number[] | undefined {
  const points: number[] = [];
  const outside = quote?.charCodeAt(0);
  for (let at = 0; at < body.length;) {
    const point = body.codePointAt(at) ?? 0;
    at += point > 0xffff ? 2 : 1;
    if (point !== BACKSLASH) {
      if (point === outside) return undefined;
      points.push(point);
      continue;
    }
    const letter = body.charCodeAt(at++);
    const digits = DIGITS.get(letter);
    const meant = digits === undefined
      ? ESCAPES.get(letter)
      : parseHex(body, at, digits);
    if (meant === undefined) return undefined;
    points.push(meant);
    at += digits ?? 0;
  }
  return points;
}

/** A number of so many hexadecimal digits, if they are there. */
function parseHex(
  text: string,
  at: number,
  digits: number,
): number | undefined {
  let number = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = HEX.indexOf(text.charAt(i).toLowerCase());
    if (digit < 0 || i >= text.length) return undefined;
    number = number * 16 + digit;
  }
  return number;
}
