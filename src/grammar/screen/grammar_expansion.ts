/**
 * How large a grammar becomes when what it repeats by count is written out, found
 * in one pass over its text, before anything is made of it.
 *
 * @module
 */

import { refusedGrammar } from "./grammar_bounds.ts";

/** Letters and names of a grammar with every repetition written out. */
const MOST_EXPANDED = 1 << 18;

/** A class, a quoted text, a comment, a count, an escape, or any other letter. */
const GRAMMAR_PIECES =
  /\[(?:\\.|[^\]\\])*\]|"(?:\\.|[^"\\])*"|#[^\n]*|\{(\d*)(?:,(\d*))?\}|\\.|[\w-]+|[^]/gsu;

/**
 * Refuses rules whose repetitions multiply to too much.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function screenExpansion(text: string): void {
  const size = expansion(text);
  if (size <= MOST_EXPANDED) return;
  throw refusedGrammar(
    `its repetitions make ${size} pieces, more than ${MOST_EXPANDED}: ` +
      "repeat less often, or with + or *",
  );
}

function expansion(text: string): number {
  // For each group that is open: its size, and that of the last piece in it.
  const groups = [{ size: 0, last: 0 }];
  for (const match of text.matchAll(GRAMMAR_PIECES)) {
    const [piece, from, to = ""] = match;
    const group = groups[groups.length - 1];
    if (piece === "(") {
      groups.push({ size: 0, last: 0 });
    } else if (piece === ")" && groups.length > 1) {
      groups.pop();
      addExpansion(groups[groups.length - 1], group.size);
    } else if (from !== undefined && piece.length > 2) {
      const times = Math.max(1, Number(from), Number(to));
      group.size += group.last * (times - 1);
      group.last *= times;
    } else if (!/^(?:[?*+|\s]|#.*)$/s.test(piece)) {
      addExpansion(group, 1);
    }
  }
  return groups.reduce((sum, { size }) => sum + size, 0);
}

function addExpansion(
  group: { size: number; last: number },
  size: number,
): void {
  group.size += size;
  group.last = size;
}
