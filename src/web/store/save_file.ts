/**
 * Saves as files: the token, and the words beside it for the reader's sake. A
 * file that holds nothing but a token, as `deno task chat` writes, will do too.
 *
 * ```text
 * {"format":"gosling-save","version":1,"name":…,"model":…,"position":…,
 *  "past":[{"user":…,"answer":…}…],"state":TOKEN}
 * ```
 *
 * @module
 */

import type { Exchange, StoredTurn } from "./stored_turn.ts";

/** What a file holds. */
export interface ExportedSave {
  /** What the slot was called. */
  readonly name: string;
  /** What the turn says of itself, as far as the file knows. */
  readonly turn: Partial<StoredTurn>;
  /** The words so far. */
  readonly past: readonly Exchange[];
  /** The token. */
  readonly state: string;
}

const FORMAT = "gosling-save";
const VERSION = 1;
const TOKEN = /^[\w-]+(\.[\w-]*)*$/;

/** Writes a save with the words of the turns that led to it. */
export function writeSaveFile(
  name: string,
  path: readonly StoredTurn[],
  state: string,
): Blob {
  const turn = path.at(-1);
  const content = {
    format: FORMAT,
    version: VERSION,
    name,
    model: turn?.model,
    fingerprint: turn?.fingerprint,
    position: turn?.position,
    codec: turn?.codec,
    bytes: turn?.bytes,
    at: turn?.at,
    past: wordsOf(path),
    state,
  };
  return new Blob([JSON.stringify(content, undefined, 1)], {
    type: "application/json",
  });
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

/**
 * Reads a save.
 *
 * @param file Its name without the ending is the name of a bare token.
 * @throws {TypeError} If it is no save, and why.
 */
export async function readSaveFile(file: File): Promise<ExportedSave> {
  const text = (await file.text()).trim();
  const name = file.name.replace(/\.[^.]*$/, "") || "Imported";
  if (TOKEN.test(text)) return { name, turn: {}, past: [], state: text };
  const refuse = (found: string) =>
    new TypeError(`Cannot read ${file.name}: ${found}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse("it is neither a save nor a token");
  }
  const { format, version, state, past, ...rest } = fields(content);
  if (format !== FORMAT) throw refuse("it is not a Gosling save");
  if (version !== VERSION) {
    throw refuse(`it is of version ${version}, and only 1 is known here`);
  }
  if (typeof state !== "string" || !TOKEN.test(state)) {
    throw refuse("it holds no token");
  }
  return {
    name: typeof rest["name"] === "string" ? rest["name"] : name,
    turn: {
      ...textField(rest, "model"),
      ...textField(rest, "fingerprint"),
      ...textField(rest, "codec"),
      ...numberField(rest, "position"),
      ...numberField(rest, "bytes"),
      ...numberField(rest, "at"),
    },
    past: Array.isArray(past) ? past.map(exchange) : [],
    state,
  };
}

function exchange(value: unknown): Exchange {
  const { user, answer } = fields(value);
  return {
    user: typeof user === "string" ? user : "",
    answer: typeof answer === "string" ? answer : "",
  };
}

function fields(value: unknown): Record<string, unknown> {
  return value instanceof Object ? { ...value } : {};
}

function textField(from: Record<string, unknown>, name: string): object {
  return typeof from[name] === "string" ? { [name]: from[name] } : {};
}

function numberField(from: Record<string, unknown>, name: string): object {
  return Number.isFinite(from[name]) ? { [name]: from[name] } : {};
}
