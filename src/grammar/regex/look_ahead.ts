/**
 * Patterns that look ahead from their start, as several that do not: `^(?!a)b` is
 * `^b` and not `^(?:a)`.
 *
 * @module
 */

/** What a pattern is made of. */
export interface AheadPattern {
  /** What is left of the pattern. */
  readonly rest: string;
  /** What it looks ahead for, or for the absence of. */
  readonly ahead: readonly {
    readonly pattern: string;
    readonly wanted: boolean;
  }[];
}

/** Takes a pattern apart; nothing if it does not look ahead from its start alone. */
export function apartAhead(pattern: string): AheadPattern | undefined {
  if (!/^\^\(\?[=!]/.test(pattern)) return undefined;
  const ahead: { pattern: string; wanted: boolean }[] = [];
  let at = 1;
  while (/^\(\?[=!]/.test(pattern.slice(at))) {
    const end = endOfGroup(pattern, at);
    if (end === undefined || /^[*+?{]/.test(pattern.slice(end))) {
      return undefined;
    }
    const inner = pattern.slice(at + 3, end - 1);
    ahead.push({ pattern: `^(?:${inner})`, wanted: pattern[at + 2] === "=" });
    at = end;
  }
  const rest = pattern.slice(at);
  return hasChoice(rest) ? undefined : { rest: `^${rest}`, ahead };
}

/** Pieces that hide a bracket or a bar: escapes and classes. */
const EXPRESSION_PIECES = /\\.|\[(?:\\.|[^\]\\])*\]|[^]/gsu;

/** Where the group that begins at a place has ended. */
function endOfGroup(pattern: string, from: number): number | undefined {
  let depth = 0;
  for (
    const { 0: piece, index } of pattern.slice(from).matchAll(EXPRESSION_PIECES)
  ) {
    if (piece === "(") depth++;
    if (piece === ")" && --depth === 0) return from + index + 1;
  }
  return undefined;
}

/** Whether there is a choice outside of every group. */
function hasChoice(pattern: string): boolean {
  let depth = 0;
  for (const [piece] of pattern.matchAll(EXPRESSION_PIECES)) {
    if (piece === "(") depth++;
    if (piece === ")") depth--;
    if (piece === "|" && depth === 0) return true;
  }
  return false;
}
