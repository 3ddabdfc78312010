/**
 * How much a JSON body holds, counted over its bytes before it is parsed: a few
 * megabytes can name millions of lists, which take seconds to make.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";

/** Values in one body, those in lists and objects included. */
export const MOST_VALUES: number = 2 ** 18;

/** Members of all its objects. */
const MOST_MEMBERS = 2 ** 16;

/** Lists and objects. */
const MOST_CONTAINERS = 2 ** 15;

/** Lists and objects inside one another. */
const MOST_DEPTH = 512;

const JSON_QUOTE = 0x22,
  JSON_BACKSLASH = 0x5c,
  JSON_COMMA = 0x2c,
  JSON_COLON = 0x3a;

/** What `{`, `[`, `}` and `]` are but for one bit. */
const OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d, BRACKET_BITS = 0xdf;

/**
 * Refuses a body that holds more than any request has to. What is not JSON is left
 * to the parser.
 *
 * @param bytes The body, UTF-8.
 * @param most Values that it may hold.
 * @throws {RequestError} `ERR_REQUEST_TOO_LARGE`.
 */
export function expectAmount(
  bytes: Uint8Array,
  most: number = MOST_VALUES,
): void {
  let values = 1, members = 0, containers = 0, depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === JSON_QUOTE) {
      at = stringEnd(bytes, at + 1);
    } else if (byte === JSON_COMMA) {
      if (++values > most) throw tooMuch(most, "values");
    } else if (byte === JSON_COLON) {
      if (++members > MOST_MEMBERS) throw tooMuch(MOST_MEMBERS, "members");
    } else if ((byte & BRACKET_BITS) === OPEN_BRACKET) {
      if (++containers > MOST_CONTAINERS) {
        throw tooMuch(MOST_CONTAINERS, "lists and objects");
      }
      if (++depth > MOST_DEPTH) {
        throw tooMuch(MOST_DEPTH, "lists and objects inside one another");
      }
    } else if ((byte & BRACKET_BITS) === CLOSE_BRACKET) depth--;
  }
}

/** Where a string's closing quote is, or the end of `bytes`. */
function stringEnd(bytes: Uint8Array, from: number): number {
  for (let at = from;; at++) {
    at = bytes.indexOf(JSON_QUOTE, at);
    if (at < 0) return bytes.length;
    let slashes = 0;
    while (at - slashes > from && bytes[at - slashes - 1] === JSON_BACKSLASH) {
      slashes++;
    }
    if (slashes % 2 === 0) return at;
  }
}

function tooMuch(most: number, what: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_TOO_LARGE",
    `Cannot read body: it has over ${most} ${what}; send less at once`,
  );
}
