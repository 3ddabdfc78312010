/**
 * Part of a token as tokens: what a stop that begins or ends inside one leaves.
 *
 * @module
 */

import type { Tokenizer } from "../../text/tokenizer.ts";

/** Tokens for any bytes, those that are no UTF-8 included. */
export function encodeBytes(bytes: Uint8Array, tokenizer: Tokenizer): number[] {
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return tokenizer.encode(utf8.decode(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return [...bytes].map((byte) => byteToken(byte, tokenizer));
  }
}

/** The token of a single byte. Every vocabulary has all of them. */
function byteToken(byte: number, tokenizer: Tokenizer): number {
  for (let token = 0; token < tokenizer.size; token++) {
    const found = tokenizer.bytes(token);
    if (found.length === 1 && found[0] === byte) return token;
  }
  throw new RangeError(`Cannot encode byte ${byte}: it is no token`);
}
