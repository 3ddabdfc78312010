/**
 * Vocabulary files in the World format: a line a token, `ID LITERAL LENGTH`, where
 * the literal is Python's, of text (`'…'`, `"…"`) or of bytes (`b'…'`), and the
 * length is in bytes. Ids count from 1 without gaps; 0 ends a text.
 *
 * @module
 */

import { ModelError } from "../errors.ts";

/** Tokens by id: the bytes of each. Token 0 is empty. */
export type Vocabulary = readonly Uint8Array[];

/**
 * Reads a vocabulary file, with LF or CRLF.
 *
 * @param file For messages.
 * @throws {ModelError} `ERR_VOCABULARY_CORRUPT`, naming the line.
 */
export function parseVocabulary(text: string, file: string): Vocabulary {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const tokens: Uint8Array[] = [new Uint8Array()];
  lines.forEach((raw, i) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const refuse = (found: string) => corrupt(file, i + 1, found);
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
    tokens.push(bytes);
  });
  return tokens;
}

function corrupt(file: string, line: number, found: string): ModelError {
  return new ModelError(
    "ERR_VOCABULARY_CORRUPT",
    `Cannot read vocabulary ${file}: line ${line} ${found}`,
  );
}

const UTF8 = new TextEncoder();
const LITERAL = /^(b?)(['"])(.*)\2$/su;
/** ASCII without the escapes that name characters. */
const PLAIN_BYTES = /^(?:\\[^uU]|[\0-\x5b\x5d-\x7f])*$/s;
const PIECE =
  /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([ntr\\'"abfv0]))|([^\\])/suy;
const ESCAPES: Readonly<Record<string, number>> = {
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
};

/**
 * The bytes of a Python literal, or what is wrong with it. `'\x80'` is the
 * character U+0080, two bytes in UTF-8; `b'\x80'` is one byte.
 */
export function parseLiteral(literal: string): Uint8Array | string {
  const [, prefix, quote, body] = LITERAL.exec(literal) ?? [];
  if (body === undefined) return "has no Python literal";
  // Nearly all tokens are plain text, and a vocabulary has thousands.
  if (!prefix && !body.includes("\\") && !body.includes(quote)) {
    return UTF8.encode(body);
  }
  const points = parseEscapes(body, quote);
  if (points === undefined) return "has an escape or a quote out of place";
  if (prefix) {
    if (!PLAIN_BYTES.test(body)) return "has text in bytes";
    return Uint8Array.from(points);
  }
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
  PIECE.lastIndex = 0;
  for (let end = 0; end < body.length; end = PIECE.lastIndex) {
    const found = PIECE.exec(body);
    if (found === null) return undefined;
    const [, x, u, U, letter, plain] = found;
    if (plain !== undefined && plain === quote) return undefined;
    const hex = x ?? u ?? U;
    if (hex !== undefined) points.push(parseInt(hex, 16));
    else if (letter !== undefined) {
      const point = ESCAPES[letter];
      if (point === undefined) return undefined;
      points.push(point);
    } else points.push(plain.codePointAt(0) ?? 0);
  }
  return points;
}
