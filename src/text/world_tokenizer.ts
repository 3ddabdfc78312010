/**
 * The World tokenizer: at each place of the text's UTF-8 bytes the longest token
 * that fits. No merges, no normalisation, no splitting beforehand.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { ByteTrie, TRIE_BYTES } from "./byte_trie.ts";
import type { TokenBytes } from "./token_bytes.ts";
import { parseVocabulary } from "./vocabulary.ts";

/**
 * Reads a vocabulary file.
 *
 * @param bytes The file, UTF-8.
 * @param file For messages.
 * @throws {ModelError} `ERR_VOCABULARY_CORRUPT`, naming the line or token.
 */
export async function openVocabulary(
  bytes: Uint8Array,
  file: string,
): Promise<Tokenizer> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot read vocabulary ${file}: it is not UTF-8`,
      { cause },
    );
  }
  return await worldTokenizer(parseVocabulary(text, file), file);
}

/**
 * A tokenizer for a vocabulary.
 *
 * @param file For messages.
 * @throws {ModelError} `ERR_VOCABULARY_CORRUPT` if two tokens are the same bytes,
 * or if some byte is no token, so that not every text could be written.
 */
export async function worldTokenizer(
  vocabulary: TokenBytes,
  file: string,
): Promise<Tokenizer> {
  const refuse = (found: string) =>
    new ModelError(
      "ERR_VOCABULARY_CORRUPT",
      `Cannot use vocabulary ${file}: ${found}`,
    );
  const { size, bytes } = vocabulary;
  if (bytes > TRIE_BYTES) throw refuse(`its tokens have ${bytes} bytes`);
  const trie = new ByteTrie(bytes);
  let longest = 0;
  for (let id = 0; id < size; id++) {
    const token = vocabulary.of(id);
    if (token.length === 0) continue;
    longest = Math.max(longest, token.length);
    const other = trie.add(token, id);
    if (other !== id) throw refuse(`tokens ${other} and ${id} are the same`);
  }
  for (let byte = 0; byte < 256; byte++) {
    if (trie.longest(Uint8Array.of(byte), 0) === 0) {
      throw refuse(`no token is the byte 0x${byte.toString(16)}`);
    }
  }
  const encoder = new TextEncoder();
  return {
    size,
    end: 0,
    digest: await vocabularyDigest(vocabulary),
    longest,
    encode(text): number[] {
      const bytes = encoder.encode(text);
      const tokens: number[] = [];
      for (let at = 0; at < bytes.length;) {
        const token = trie.longest(bytes, at);
        tokens.push(token);
        at += vocabulary.of(token).length;
      }
      return tokens;
    },
    bytes: (token) => vocabulary.of(token),
  };
}

/** SHA-256 over u32 length and bytes of each token in the order of ids. */
async function vocabularyDigest(
  vocabulary: TokenBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(4 * vocabulary.size + vocabulary.bytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const token of vocabulary) {
    view.setUint32(at, token.length, true);
    bytes.set(token, at + 4);
    at += 4 + token.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
