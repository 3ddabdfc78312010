/**
 * A vocabulary as rwkv-rs writes it: a `tokenizer.json` in which a character stands
 * for a byte, as in GPT-2's vocabularies.
 *
 * @module
 */

import { parseVocabulary } from "../../../src/text/vocabulary.ts";

/** Printable bytes stand for themselves, all others for what follows U+00FF. */
function characters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const own = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(own ? byte : next++);
  });
}

/** The file of a World vocabulary. */
export function trieJson(lines: string): string {
  const letters = characters();
  const vocab = Object.fromEntries(
    Array.from(parseVocabulary(lines, "lines"), (bytes, id) => [
      id === 0
        ? "<|endoftext|>"
        : Array.from(bytes, (byte) => letters[byte]).join(""),
      id,
    ]),
  );
  return JSON.stringify({ version: "1.0", model: { type: "RwkvTrie", vocab } });
}
