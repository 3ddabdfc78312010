/**
 * Tokens that a request names.
 *
 * @module
 */

import { inSteps, type Steps } from "../../steps.ts";
import { type PromptPieces, promptText } from "../../text/prompt_pieces.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { TEXT_LIMIT } from "../fields/text_fields.ts";
import { SchemaError } from "../problem.ts";

/** UTF-8 bytes of the longest text that a request may hold. */
const MOST_TEXT_BYTES = 4 * TEXT_LIMIT;

/**
 * Refuses what is no token of the model's, and more of them than a text can have:
 * a token of three digits may stand for a hundred spaces.
 *
 * @param pointer Their place in the request.
 */
export function expectTokens(
  tokens: readonly number[],
  tokenizer: Tokenizer,
  pointer: string,
): readonly number[] {
  expectKnown(tokens, tokenizer, pointer);
  return tokens;
}

/** The text of tokens that {@linkcode expectTokens} lets pass; others go in between. */
export function decodeTokens(
  tokens: readonly number[],
  tokenizer: Tokenizer,
  pointer: string,
): string | Promise<string> {
  return inSteps(function* (): Steps<string> {
    const known = expectTokens(tokens, tokenizer, pointer);
    yield;
    return promptText(known, tokenizer);
  }());
}

/** The same of a prompt, whose texts are bounded by its schema. */
export function expectPieces(
  prompt: PromptPieces,
  tokenizer: Tokenizer,
  pointer: string,
): PromptPieces {
  if (typeof prompt !== "string") expectKnown(prompt, tokenizer, pointer);
  return prompt;
}

/**
 * Whether a new text that begins with these prompts begins with the end-of-text token.
 * Tokens are read verbatim: the first of them is the first of the text.
 *
 * @param asked What the request says.
 * @param usual What the model does; `undefined` leaves it to the turn.
 */
export function bosBefore(
  prompts: readonly PromptPieces[],
  asked: boolean | undefined,
  usual?: boolean,
): boolean | undefined {
  const verbatim = prompts.some((prompt) => typeof prompt !== "string");
  return asked ?? (verbatim ? false : usual);
}

function expectKnown(
  pieces: readonly (number | string)[],
  tokenizer: Tokenizer,
  pointer: string,
): void {
  const refuse = (place: number, detail: string) =>
    new SchemaError(
      `Cannot take request: ${pointer}/${place}: ${detail}`,
      [{ pointer: `${pointer}/${place}`, detail }],
    );
  let bytes = 0;
  for (const [i, token] of pieces.entries()) {
    if (typeof token === "string") continue;
    if (token >= tokenizer.size) {
      throw refuse(
        i,
        `is no token of this model, which has ${tokenizer.size}`,
      );
    }
    bytes += tokenizer.bytes(token).length;
    if (bytes > MOST_TEXT_BYTES) {
      throw refuse(i, `makes the text longer than ${MOST_TEXT_BYTES} bytes`);
    }
  }
}
