/**
 * Saves of the page as files, and files as saves.
 *
 * @module
 */

import {
  type Exchange,
  formatSaveFile,
  parseSaveFile,
  type SaveFileContent,
} from "../../client/save_file.ts";
import type { StoredTurn } from "./stored_turn.ts";

/** Writes a save with the words of the turns that led to it. */
export function writeSaveFile(
  name: string,
  path: readonly StoredTurn[],
  state: string,
): Blob {
  const turn = path.at(-1) ?? {};
  const past = wordsOf(path);
  const partial = !isWhollyTold(path) || hasSystem(path);
  const text = formatSaveFile({ name, turn, past, partial, state });
  return new Blob([text], { type: "application/json" });
}

/** What was said, imported words included. */
export function wordsOf(path: readonly StoredTurn[]): Exchange[] {
  const words: Exchange[] = [];
  for (const { kind, past = [], user, answer } of path) {
    words.push(...past);
    const last = words.at(-1);
    if (kind === "say") words.push({ user, answer });
    else if (kind === "more" && last !== undefined) {
      words[words.length - 1] = { ...last, answer: last.answer + answer };
    }
  }
  return words;
}

/** Whether words were said that neither a file nor an edited turn has a place for. */
export function hasSystem(path: readonly StoredTurn[]): boolean {
  return path.some(({ system }) => system !== undefined);
}

/** Whether a path begins at its root, and no words came before it. */
export function hasAllWords([root, ...more]: readonly StoredTurn[]): boolean {
  return root !== undefined && root.parent === null &&
    root.initial === undefined &&
    [root, ...more].every(({ kind, past = [], partial }) =>
      kind !== "import" || past.length > 0 && partial !== true
    );
}

/** Whether its words are all that a path's save has read, those of edits too. */
export function isWhollyTold(path: readonly StoredTurn[]): boolean {
  return hasAllWords(path) &&
    path.every(({ edited, partial }) =>
      edited === undefined || partial === false
    );
}

/**
 * Reads a save.
 *
 * @param file Its name without the ending is the name of a bare token.
 * @throws {TypeError} If it is no save, and why.
 */
export async function readSaveFile(file: File): Promise<SaveFileContent> {
  return parseSaveFile(await file.text(), file.name);
}
