/**
 * What a model is given to read: text, and tokens that have no text or must not be
 * found anew.
 *
 * @module
 */

import type { Tokenizer } from "./tokenizer.ts";

/** Text, or texts and tokens in a row. */
export type PromptPieces = string | readonly (string | number)[];

/** The tokens of a prompt: those named as they are, those of each text between. */
export function encodePrompt(
  prompt: PromptPieces,
  tokenizer: Pick<Tokenizer, "encode">,
): number[] {
  if (typeof prompt === "string") return tokenizer.encode(prompt);
  const tokens: number[] = [];
  for (const piece of prompt) {
    if (typeof piece === "number") tokens.push(piece);
    else for (const token of tokenizer.encode(piece)) tokens.push(token);
  }
  return tokens;
}

/** Whether nothing is to be read. */
export function isEmptyPrompt(prompt: PromptPieces): boolean {
  return prompt.length === 0 ||
    (typeof prompt !== "string" && prompt.every((piece) => piece === ""));
}

/** The text of a prompt; tokens that are no text by themselves become U+FFFD. */
export function promptText(
  prompt: PromptPieces,
  tokenizer: Pick<Tokenizer, "bytes">,
): string {
  if (typeof prompt === "string") return prompt;
  const encoder = new TextEncoder();
  const pieces = prompt.map((piece) =>
    typeof piece === "number" ? tokenizer.bytes(piece) : encoder.encode(piece)
  );
  const bytes = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
