/**
 * What a client says of its conversation every time, as keys: one for each place at
 * which a save could be. Two histories have a key in common as far as they are the
 * same, so a swipe, another answer or an edit is a branch by itself.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Message } from "../../chat/template/world_form.ts";

/** What the model said in one answer. */
export interface Said {
  readonly text: string;
  readonly calls: readonly SaidCall[];
}

/** A function that the model called. */
export interface SaidCall {
  readonly name: string;
  readonly arguments: unknown;
}

/** A place in a conversation at which there may be a save. */
export interface SavePlace {
  readonly key: string;
  /** Pieces of the history before it: messages, or characters. */
  readonly known: number;
}

/** The end of a text that a state has read. */
export interface TextEnd {
  /** Characters before the white space at its end, which clients trim. */
  readonly length: number;
  /** That white space. */
  readonly space: string;
}

/** A conversation as a request tells it. */
export interface KeptHistory {
  /** Places, the latest first. */
  readonly places: readonly SavePlace[];
  /** The key of the place after an answer. */
  after(said: Said): string;
  /** What a text is after an answer, where histories are texts. */
  textAfter?(said: Said): TextEnd;
  /** The newest words, for a list. */
  readonly words: string;
  /** Its pieces: messages, or characters. */
  readonly length: number;
  /** What pieces are called. */
  readonly unit: "messages" | "characters";
}

/** A key of anything that JSON can hold. */
export function keyOf(value: unknown): string {
  return hashOf(JSON.stringify(ordered(value)));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The same with the members of objects in order, so that equal values look equal. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!(value instanceof Object)) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, member]) => [name, ordered(member)]),
  );
}

/**
 * A chat.
 *
 * @param seed What else has to be the same: the model, the caller, the system's words.
 * @param pieces What each message of the client's stands for.
 */
export function chatHistory(
  seed: unknown,
  pieces: readonly (readonly Message[])[],
): KeptHistory {
  const keys = [keyOf(seed)];
  for (const piece of pieces) {
    keys.push(piece.reduce(linkedKey, keys.at(-1) ?? ""));
  }
  const last = pieces.at(-1)?.at(-1);
  // A last message of the assistant's is gone on with, and becomes one with the answer.
  const begun = last?.role === "assistant" && !last.calls?.length
    ? last.content
    : undefined;
  const before = keys.at(begun === undefined ? -1 : -2) ?? "";
  const words = pieces.flat().findLast(({ role }) => role === "user")?.content;
  return {
    places: keys.map((key, known) => ({ key, known })).slice(1).reverse(),
    after: ({ text, calls }) =>
      linkedKey(before, {
        role: "assistant",
        content: (begun ?? "") + text,
        calls,
      }),
    words: words ?? "",
    length: pieces.length,
    unit: "messages",
  };
}

/** Keys of short messages after those before, for a history comes again every turn. */
const LINKS = new Map<string, string>();

/** How many of them are held, and characters of the longest. */
const MOST_LINKS = 4096, LONGEST_LINK = 2048;

/** The key after one more message. White space around a text is the client's. */
function linkedKey(
  key: string,
  { role, content, calls = [] }: Message,
): string {
  const text = JSON.stringify([
    key,
    role,
    content.replaceAll("\r\n", "\n").trim(),
    calls.map(({ name, arguments: given }) => [name, ordered(given)]),
  ]);
  const known = LINKS.get(text);
  if (known !== undefined) return known;
  const next = hashOf(text);
  if (LINKS.size >= MOST_LINKS) LINKS.clear();
  if (text.length <= LONGEST_LINK) LINKS.set(text, next);
  return next;
}

/**
 * A text that goes on with a text.
 *
 * @param seed What else has to be the same.
 * @param saved Keys of all texts that there are saves of, by their lengths.
 */
export function textHistory(
  seed: unknown,
  text: string,
  saved: ReadonlyMap<number, ReadonlySet<string>>,
): KeptHistory {
  const begin = keyOf(seed);
  const lengths = [...saved.keys()]
    .filter((length) => length <= text.length).sort((a, b) => a - b);
  const keys = prefixKeys(begin, text, lengths);
  return {
    places: lengths.map((known, i) => ({ key: keys[i] ?? "", known }))
      .filter(({ key, known }) => saved.get(known)?.has(key)).reverse(),
    after: (said) => prefixKeys(begin, (text + said.text).trimEnd())[0] ?? "",
    textAfter(said) {
      const whole = text + said.text;
      const { length } = whole.trimEnd();
      return { length, space: whole.slice(length) };
    },
    words: text.trimEnd().split("\n").at(-1) ?? "",
    length: text.length,
    unit: "characters",
  };
}

/**
 * What of a text is new to a state that has read `space` after what came before. White
 * space that the model wrote stands for that which the client has in its place.
 *
 * @param rest The text after what came before.
 * @returns Nothing where the text ends within that white space: the state has read
 * more than it.
 */
export function newText(rest: string, space: string): string | undefined {
  if (rest.startsWith(space)) return rest.slice(space.length);
  const words = rest.trimStart();
  if (words === "") return undefined;
  const own = rest.slice(0, rest.length - words.length);
  return space.includes(own) ? words : rest;
}

/**
 * Keys of a text's beginnings, in one pass over it. UTF-16, which can be cut anywhere.
 *
 * @param lengths Of the beginnings, the shortest first; by default, of the whole.
 */
function prefixKeys(
  begin: string,
  text: string,
  lengths: readonly number[] = [text.length],
): readonly string[] {
  const units = new Uint16Array(text.length);
  for (let i = 0; i < units.length; i++) units[i] = text.charCodeAt(i);
  const bytes = new Uint8Array(units.buffer);
  const hash = createHash("sha256").update(begin);
  let at = 0;
  return lengths.map((length) => {
    hash.update(bytes.subarray(2 * at, 2 * length));
    at = length;
    return hash.copy().digest("hex");
  });
}
