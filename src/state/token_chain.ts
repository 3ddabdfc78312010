/**
 * A hash chain over the tokens that a state has read: two saves with the same
 * chain have read the same text, and a save can be shown to follow another.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { atOnce } from "../steps.ts";

const HASH_BYTES = 32;

/** The chain before the first token. */
export function blankChain(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(HASH_BYTES);
}

/** Tokens that are read in one step: about 3 ms. */
const CHAINED_TOKENS_A_STEP = 1024;

/**
 * Reads tokens into a chain: `h ← SHA-256(h ‖ u32 token)` for each, little-endian.
 *
 * Not WebCrypto: its every digest is a promise, and there is one for each token.
 *
 * @param chain 32 bytes; not changed.
 * @param tokens Token ids in the order in which they are read.
 * @returns The chain after them, 32 bytes.
 */
export function extendChain(
  chain: Uint8Array,
  tokens: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  return atOnce(extendingChain(chain, tokens));
}

/** Reads tokens into a chain as {@linkcode extendChain} does, some at a time. */
export function* extendingChain(
  chain: Uint8Array,
  tokens: Iterable<number>,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const link = new Uint8Array(HASH_BYTES + 4);
  const token = new DataView(link.buffer, HASH_BYTES);
  link.set(chain);
  let count = 0;
  for (const id of tokens) {
    token.setUint32(0, id, true);
    link.set(sha256(link));
    if (++count % CHAINED_TOKENS_A_STEP === 0) yield;
  }
  return link.slice(0, HASH_BYTES);
}
