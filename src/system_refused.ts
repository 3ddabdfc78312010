/**
 * What the system refused, in words: a folder that cannot be written, a file of
 * another user, a full disk. None of it is a mistake of the program's.
 *
 * @module
 */

/** `Permission denied (os error 13): readfile '/x'`. */
const REFUSAL = /^(.+) \(os error \d+\)(?:: (\w+) '(.*)')?$/s;

const READING = ["readfile", "readdir", "stat", "lstat", "realpath"];

/**
 * Says what the system refused.
 *
 * @returns Nothing if `error` is none of its refusals.
 */
export function explainRefused(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, words, verb = "", path] = REFUSAL.exec(error.message) ?? [];
  if (words === undefined) return undefined;
  const reason = words.charAt(0).toLowerCase() + words.slice(1);
  if (path === undefined) return `Cannot go on: ${reason}`;
  const does = READING.includes(verb)
    ? "read"
    : verb === "open"
    ? "open"
    : "write";
  return `Cannot ${does} ${path}: ${reason}`;
}

/** Whether what was written goes to a program that has ended, as `head` does. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && /^Broken pipe \(/.test(error.message);
}
