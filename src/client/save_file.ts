/**
 * Saves as files: the token, and the words beside it for the reader's sake. The
 * page and the commands write the same. A file that holds nothing but a token is
 * read too.
 *
 * ```text
 * {"format":"gosling-save","version":1,"name":…,"model":…,"position":…,
 *  "past":[{"user":…,"answer":…}…],"partial":true,"state":TOKEN}
 * ```
 *
 * `partial` stands there if the save has read more than the words, or others: they
 * must not be read again in its place.
 *
 * Beside a save that its owner locked there are no words.
 *
 * @module
 */

import { labelOf } from "./passphrase.ts";

/** What was said and answered. */
export interface Exchange {
  /** The person's words. */
  readonly user: string;
  /** The model's words. */
  readonly answer: string;
}

/** What a file may say of the turn that left its save. */
export interface SaveFileTurn {
  /** The model's name. */
  readonly model?: string;
  /** The model's weights; a save opens with no others. */
  readonly fingerprint?: string;
  /** Tokens read since blank. */
  readonly position?: number;
  /** How the save is written. */
  readonly codec?: string;
  /** Bytes of the save as it travels. */
  readonly bytes?: number;
  /** When, in milliseconds of Unix time. */
  readonly at?: number;
}

/** What a file holds. */
export interface SaveFileContent {
  /** What the save is called. */
  readonly name: string;
  /** What the turn says of itself, as far as the file knows. */
  readonly turn: SaveFileTurn;
  /** The words so far. */
  readonly past: readonly Exchange[];
  /** Whether the save has read more than these words, or others. */
  readonly partial?: boolean;
  /** The token. */
  readonly state: string;
}

/** Exchanges that are read: the page draws them, and a person made the file. */
const MOST_PAST = 10_000;

const SAVE_FILE_FORMAT = "gosling-save";
const SAVE_FILE_VERSION = 1;
const TOKEN_TEXT = /^[\w-]+(\.[\w-]*)*$/;

/** The text of a file. */
export function formatSaveFile(
  { name, turn, past, partial, state }: SaveFileContent,
): string {
  const { model, fingerprint, position, codec, bytes, at } = turn;
  // Words in the clear beside a locked save would be its open door.
  const words = labelOf(state) === undefined ? past : [];
  return JSON.stringify(
    {
      format: SAVE_FILE_FORMAT,
      version: SAVE_FILE_VERSION,
      name,
      model,
      fingerprint,
      position,
      codec,
      bytes,
      at,
      past: words,
      // Of no words that goes without saying.
      ...(partial === true && words.length > 0 && { partial }),
      state,
    },
    undefined,
    1,
  );
}

/**
 * Reads the text of a file.
 *
 * @param file Its name, which without the ending is the name of a bare token.
 * @throws {TypeError} If it is no save, and why.
 */
export function parseSaveFile(text: string, file: string): SaveFileContent {
  const bare = text.trim();
  const name = file.replace(/\.[^.]*$/, "") || "Imported";
  if (TOKEN_TEXT.test(bare)) {
    return { name, turn: {}, past: [], partial: true, state: bare };
  }
  const refuse = (found: string) =>
    new TypeError(`Cannot read ${file}: ${found}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse("it is neither a save nor a token");
  }
  const { format, version, state, partial, ...rest } = fieldsOfSaveFile(
    content,
  );
  if (format !== SAVE_FILE_FORMAT) throw refuse("it is not a Gosling save");
  if (version !== SAVE_FILE_VERSION) {
    throw refuse(`it is of version ${version}, and only 1 is known here`);
  }
  if (typeof state !== "string" || !TOKEN_TEXT.test(state)) {
    throw refuse("it holds no token");
  }
  const past = Array.isArray(rest["past"]) ? rest["past"] : [];
  const unknown = partial === true || past.length === 0 ||
    past.length > MOST_PAST;
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
    past: past.slice(-MOST_PAST).map(exchangeOf),
    ...(unknown && { partial: true }),
    state,
  };
}

function exchangeOf(value: unknown): Exchange {
  const { user, answer } = fieldsOfSaveFile(value);
  return {
    user: typeof user === "string" ? user : "",
    answer: typeof answer === "string" ? answer : "",
  };
}

function fieldsOfSaveFile(value: unknown): Record<string, unknown> {
  return value instanceof Object ? { ...value } : {};
}

function textField(from: Record<string, unknown>, name: string): object {
  return typeof from[name] === "string" ? { [name]: from[name] } : {};
}

function numberField(from: Record<string, unknown>, name: string): object {
  return Number.isFinite(from[name]) ? { [name]: from[name] } : {};
}
