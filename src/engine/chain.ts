/**
 * The hash chain over the tokens a state has read. Two saves with the same chain
 * have read the same text, and nobody can tell the text from it.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";

/** Bytes of a link. */
const LINK = 32;

/** The chain of a state that has read nothing. */
export function blankChain(): Uint8Array {
  return new Uint8Array(LINK);
}

/**
 * Goes on with a chain: `h ← SHA-256(h ‖ token)` for each token, as u32 with the
 * low byte first.
 *
 * WebCrypto would answer each link with a promise; this hash is synchronous.
 */
export function extendChain(
  chain: Uint8Array,
  tokens: Iterable<number>,
): Uint8Array {
  const block = new Uint8Array(LINK + 4);
  const view = new DataView(block.buffer);
  block.set(chain);
  for (const token of tokens) {
    view.setUint32(LINK, token, true);
    block.set(sha256(block));
  }
  return block.slice(0, LINK);
}
