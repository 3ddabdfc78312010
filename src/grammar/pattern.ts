/**
 * Regular expressions as they can be grammars.
 *
 * @module
 */

import { refusedGrammar, screenRepeats } from "./refusal.ts";

/** Letters that stand in a JSON string only after a backslash. */
const ESCAPED = /["\\\p{Cc}]/u;

/** A class, an escape, or any other letter. */
const PIECES = /\[(?:\\.|[^\]\\])*\]|\\(?:[xu][0-9a-fA-F]+|u\{.*?\}|.)|./gsu;

/** What anchors and groups out: nothing of them is a letter. */
const SIGNS = /^[()|*+?{}^$]$/;

/**
 * Refuses what is no regular expression, or looks around.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function screenPattern(pattern: string): void {
  screenRepeats(pattern);
  try {
    new RegExp(pattern, "u");
  } catch (cause) {
    throw refusedGrammar(`${show(pattern)} is no regular expression`, cause);
  }
  if (/\(\?[=!<]|\\[1-9kbBpPSDW]/.test(pattern)) {
    throw refusedGrammar(
      `${show(pattern)} looks around, refers back or names what is not there`,
    );
  }
}

/**
 * Refuses a pattern of a JSON string that matches letters which JSON escapes: its
 * grammar would write them as they are.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function screenStringPattern(pattern: string): void {
  screenPattern(pattern);
  for (const [piece] of pattern.matchAll(PIECES)) {
    if (SIGNS.test(piece)) continue;
    const found = new RegExp(`^${piece}$`, "su");
    const escaped = ['"', "\\", "\n", "\t", "\0", "\x1f"]
      .find((letter) => found.test(letter));
    if (escaped === undefined && !ESCAPED.test(piece.replace(/^\\./, ""))) {
      continue;
    }
    throw refusedGrammar(
      `${show(pattern)} matches letters that JSON escapes, at ${
        show(piece)
      }: ` +
        "name the letters it may match",
    );
  }
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
