/**
 * Long texts to tokens, some at a time: megabytes of a text that is all rare
 * characters are millions of tokens.
 *
 * @module
 */

import type { PromptPieces } from "./prompt_pieces.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Characters that are encoded in one step. */
const ENCODED_CHARACTERS_A_STEP = 2 ** 15;

/** What texts are encoded with. */
export type Encoder = Pick<Tokenizer, "encode" | "bytes" | "longest">;

/** The tokens of a prompt, as `encodePrompt` gives them. */
export function* encoding(
  prompt: PromptPieces,
  tokenizer: Encoder,
): Generator<void, number[]> {
  if (typeof prompt === "string") return yield* encodingText(prompt, tokenizer);
  const tokens: number[] = [];
  for (const piece of prompt) {
    if (typeof piece === "number") tokens.push(piece);
    else {
      for (const token of yield* encodingText(piece, tokenizer)) {
        tokens.push(token);
      }
    }
  }
  return tokens;
}

/** The tokens of a text, those of each step but for the last few. */
function* encodingText(
  text: string,
  tokenizer: Encoder,
): Generator<void, number[]> {
  const { longest } = tokenizer;
  if (longest === undefined || text.length <= ENCODED_CHARACTERS_A_STEP) {
    return tokenizer.encode(text);
  }
  const tokens: number[] = [];
  const encoder = new TextEncoder(),
    decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (let at = 0;;) {
    const end = stepEnd(text, at);
    const step = text.slice(at, end);
    const found = tokenizer.encode(step);
    if (end === text.length) {
      for (const token of found) tokens.push(token);
      return tokens;
    }
    // What begins closer to the end than the longest token could be another with
    // more of the text.
    const bytes = encoder.encode(step);
    let sure = bytes.length, count = found.length;
    while (
      count > 0 && (bytes.length - sure < longest || isInside(bytes, sure))
    ) {
      sure -= tokenizer.bytes(found[--count]).length;
    }
    if (count === 0) throw new RangeError(`A token has ${longest} bytes`);
    for (let i = 0; i < count; i++) tokens.push(found[i]);
    at += decoder.decode(bytes.subarray(0, sure)).length;
    yield;
  }
}

/** Where a step ends: not within a surrogate pair. */
function stepEnd(text: string, from: number): number {
  const end = Math.min(text.length, from + ENCODED_CHARACTERS_A_STEP);
  const isPair = isIn(text.charCodeAt(end - 1), 0xd800) &&
    isIn(text.charCodeAt(end), 0xdc00);
  return isPair ? end - 1 : end;
}

/** Whether a UTF-16 unit is one of the 1,024 surrogates from `first`. */
function isIn(unit: number, first: number): boolean {
  return unit >= first && unit < first + 0x400;
}

/** Whether a place is inside a character of UTF-8. */
function isInside(bytes: Uint8Array, at: number): boolean {
  return at < bytes.length && (bytes[at] & 0xc0) === 0x80;
}
