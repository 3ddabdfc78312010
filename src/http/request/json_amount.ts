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

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c, COLON = 0x3a;

/** What `{`, `[`, `}` and `]` are but for one bit. */
const OPEN = 0x5b, CLOSE = 0x5d, BRACKET = 0xdf;

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
    if (byte === QUOTE) {
      at = stringEnd(bytes, at + 1);
    } else if (byte === COMMA) {
      if (++values > most) throw tooMuch(most, "values");
    } else if (byte === COLON) {
      if (++members > MOST_MEMBERS) throw tooMuch(MOST_MEMBERS, "members");
    } else if ((byte & BRACKET) === OPEN) {
      if (++containers > MOST_CONTAINERS) {
        throw tooMuch(MOST_CONTAINERS, "lists and objects");
      }
      if (++depth > MOST_DEPTH) {
        throw tooMuch(MOST_DEPTH, "lists and objects inside one another");
      }
    } else if ((byte & BRACKET) === CLOSE) depth--;
  }
}

/** Where a string's closing quote is, or the end of `bytes`. */
function stringEnd(bytes: Uint8Array, from: number): number {
  for (let at = from;; at++) {
    at = bytes.indexOf(QUOTE, at);
    if (at < 0) return bytes.length;
    let slashes = 0;
    while (at - slashes > from && bytes[at - slashes - 1] === BACKSLASH) {
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
