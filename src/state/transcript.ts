/**
 * The transcript: every token that a state has read, the bytes that it stands for,
 * and who said what. A state forgets; a save with a transcript does not, and can be
 * read anew by another model.
 *
 * Tokens are what the hash chain is over, so they cannot be exchanged unnoticed.
 * Their bytes are kept too, for the vocabulary may be gone. What was said are ranges
 * of the text that the tokens make, not copies of it.
 *
 * @module
 */

import { StateError } from "../errors.ts";

/** Who said a part of the text, or what it is. */
export type TranscriptRole =
  /** Text that was given as it is. */
  | "text"
  /** What the model wrote after such text. */
  | "continuation"
  | "system"
  | "user"
  | "assistant"
  /** What a function gave. */
  | "tool"
  /** What the assistant thought before it spoke. */
  | "thought"
  /** Descriptions of functions that may be called. */
  | "tools";

/** A range of the text, in bytes. */
export interface TranscriptTurn {
  /** Who said it. */
  readonly role: TranscriptRole;
  /** Where it begins. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
}

/** What a state has read. */
export interface Transcript {
  /** Tokens read since blank, in order. */
  readonly tokens: Uint32Array;
  /** The bytes of each of them, and of those unread; none of the end of text. */
  readonly words: ReadonlyMap<number, Uint8Array>;
  /** Who said what, in order, over the tokens read and those unread. */
  readonly turns: readonly TranscriptTurn[];
}

/** Tokens that a transcript may have. */
export const LONGEST_TRANSCRIPT = 2 ** 18;

/** Bytes that its text may have: those of as many tokens of 128 bytes. */
export const MOST_TEXT = 2 ** 25;

/** A transcript of nothing. */
export const EMPTY_TRANSCRIPT: Transcript = {
  tokens: new Uint32Array(),
  words: new Map(),
  turns: [],
};

/**
 * A transcript that goes on.
 *
 * @param read Tokens read since.
 * @param unread Those that follow, unread.
 * @param bytes The bytes of a token.
 */
export function extendTranscript(
  { tokens, words, turns }: Transcript,
  read: readonly number[],
  unread: readonly number[],
  bytes: (token: number) => Uint8Array,
): Transcript {
  const all = new Uint32Array(tokens.length + read.length);
  all.set(tokens);
  all.set(read, tokens.length);
  const known = new Map(words);
  for (const token of [...read, ...unread]) {
    if (!known.has(token)) known.set(token, bytes(token));
  }
  return { tokens: all, words: known, turns };
}

/**
 * The bytes of tokens in a row.
 *
 * @param from How many of the tokens to leave out.
 */
export function transcriptBytes(
  { tokens, words }: Transcript,
  unread: readonly number[],
  from = 0,
): Uint8Array<ArrayBuffer> {
  const rest = tokens.subarray(from);
  const bytes = new Uint8Array(
    transcriptLength({ tokens: rest, words }, unread),
  );
  let at = 0;
  const add = (token: number) => {
    const word = words.get(token);
    if (word === undefined) return;
    // Of a few bytes each: `set` would take five times as long.
    for (let i = 0; i < word.length; i++) bytes[at++] = word[i];
  };
  for (const token of rest) add(token);
  for (const token of unread) add(token);
  return bytes;
}

/** How many bytes {@linkcode transcriptBytes} gives. */
export function transcriptLength(
  { tokens, words }: Pick<Transcript, "tokens" | "words">,
  unread: readonly number[],
): number {
  const length = (token: number) => words.get(token)?.length ?? 0;
  let sum = 0;
  for (const token of tokens) sum += length(token);
  return unread.reduce((sum, token) => sum + length(token), sum);
}

/** A part of the text, in words. */
export interface SpokenTurn {
  /** Who said it. */
  readonly role: TranscriptRole;
  /** What they said; bytes that are no UTF-8 become U+FFFD. */
  readonly text: string;
}

/** What was said, in order. */
export function spokenTurns(
  transcript: Transcript,
  unread: readonly number[],
): SpokenTurn[] {
  const bytes = transcriptBytes(transcript, unread);
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  return transcript.turns.map(({ role, from, to }) => ({
    role,
    text: utf8.decode(bytes.subarray(from, to)),
  }));
}

/** The error of a state whose transcript is missing, too long or not allowed. */
export function transcriptError(found: string): StateError {
  return new StateError("ERR_STATE_TRANSCRIPT", found);
}
