/**
 * How large a grammar may be, and what is said of one that cannot be used.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";

/** Characters of a grammar. */
const MOST_GRAMMAR_CHARACTERS = 1 << 18;

/** How often something may be repeated by count: each time makes rules. */
export const MOST_REPEATED = 4096;

/** A grammar that cannot be used. */
export function refusedGrammar(found: string, cause?: unknown): RequestError {
  return new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot take request: ${found}`,
    cause === undefined ? {} : { cause },
  );
}

/**
 * Refuses a grammar that is too long.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function screenLength(text: string): void {
  if (text.length <= MOST_GRAMMAR_CHARACTERS) return;
  throw refusedGrammar(
    `its grammar is longer than ${MOST_GRAMMAR_CHARACTERS} characters`,
  );
}

/**
 * Refuses a grammar in which something is to be repeated too often.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function screenRepeats(text: string): void {
  // No digit can be of either number: that would try every way to share them.
  for (const [, from, to = ""] of text.matchAll(/\{(\d*)(?:,(\d*))?\}/g)) {
    const most = Math.max(Number(from), Number(to));
    if (most > MOST_REPEATED) {
      throw refusedGrammar(`${most} repeats are more than ${MOST_REPEATED}`);
    }
  }
}
