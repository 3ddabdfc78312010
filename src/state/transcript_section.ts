/**
 * The transcript as a section of a save file. Before compression (DEFLATE, RFC 1951)
 * all numbers are unsigned LEB128:
 *
 * ```text
 * K, M                         words of one byte (at most 128), and all others
 * (gap, n, u8[n])[K + M]       each word: its token less the one before in its
 *                              part, less 1; its bytes
 * T, index[T]                  tokens read: each the place of its word
 * S, (u8 role, gap, n)[S]      turns: bytes between the end of the one before and
 *                              the start, and bytes
 * ```
 *
 * The words used most often come first, so that most places take one byte; in each
 * part tokens ascend. Roles are 0 text, 1 continuation, 2 system, 3 user,
 * 4 assistant, 5 tool, 6 thought, 7 tools.
 *
 * @module
 */

import { deflateSync, Inflate } from "fflate";
import { atOnce } from "../steps.ts";
import { unreadableSave } from "./save_header.ts";
import {
  LONGEST_TRANSCRIPT,
  MOST_TEXT,
  type Transcript,
  transcriptError,
  transcriptLength,
  type TranscriptRole,
  type TranscriptTurn,
} from "./transcript.ts";

/** Every role, in the order of the bytes that stand for them. */
export const TRANSCRIPT_ROLES: readonly TranscriptRole[] = [
  "text",
  "continuation",
  "system",
  "user",
  "assistant",
  "tool",
  "thought",
  "tools",
];

/** Bytes of a section before compression, at most: words are most of it. */
const MOST_TRANSCRIPT_BYTES = 2 ** 23;

/** Bytes up to which compression is as good as it gets. */
const SMALL = 2 ** 16;

/** Words or tokens in one step. */
const TRANSCRIPT_STEP = 2 ** 13;

/** Compressed bytes taken at once: no more than a thousand times as many come out. */
const COMPRESSED_PIECE_BYTES = 2 ** 12;

/** Words whose place takes one byte. */
const SHORT = 128;

/** A transcript as bytes. */
export interface EncodedTranscript {
  /** How many they were before compression. */
  readonly plainBytes: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Writes a transcript. Equal ones are equal bytes, wherever they are written.
 *
 * @param unread Tokens that follow it.
 * @throws {StateError} `ERR_STATE_TRANSCRIPT` if it is too long.
 */
export function encodeTranscript(
  transcript: Transcript,
  unread: readonly number[],
): EncodedTranscript {
  return atOnce(encodingTranscript(transcript, unread));
}

/** Writes a transcript as {@linkcode encodeTranscript} does, in steps. */
export function* encodingTranscript(
  transcript: Transcript,
  unread: readonly number[],
): Generator<void, EncodedTranscript> {
  const { tokens, words, turns } = transcript;
  const length = transcriptLength(transcript, unread);
  if (tokens.length > LONGEST_TRANSCRIPT || length > MOST_TEXT) {
    throw transcriptError(
      `Cannot write transcript: it has ${tokens.length} tokens and ${length} ` +
        `bytes, expected at most ${LONGEST_TRANSCRIPT} and ${MOST_TEXT}`,
    );
  }
  yield;
  const order = placesOf(tokens, unread);
  yield;
  const places = new Map(order.map((token, place) => [token, place]));
  const out = new TranscriptWriter();
  const short = Math.min(order.length, SHORT);
  out.number(short);
  out.number(order.length - short);
  order.forEach((token, place) => {
    const before = place === 0 || place === SHORT ? -1 : order[place - 1];
    const word = words.get(token) ?? new Uint8Array();
    out.number(token - before - 1);
    out.number(word.length);
    out.bytes(word);
  });
  yield;
  out.number(tokens.length);
  for (const [i, token] of tokens.entries()) {
    out.number(places.get(token) ?? 0);
    if (i % TRANSCRIPT_STEP === 0) yield;
  }
  out.number(turns.length);
  let end = 0;
  for (const { role, from, to } of turns) {
    out.number(TRANSCRIPT_ROLES.indexOf(role));
    out.number(from - end);
    out.number(to - from);
    end = to;
  }
  const plain = out.done();
  yield;
  // One step: 80 ms for the longest of tokens at random, where level 9 would take a
  // second for the longest of two tokens in no order.
  const level = plain.length <= SMALL ? 9 : 4;
  return { plainBytes: plain.length, bytes: deflateSync(plain, { level }) };
}

/** Tokens in the order of their words: the most used, then all others. */
function placesOf(
  tokens: Uint32Array,
  unread: readonly number[],
): readonly number[] {
  const uses = new Map<number, number>(unread.map((token) => [token, 0]));
  for (const token of tokens) uses.set(token, (uses.get(token) ?? 0) + 1);
  const order = [...uses].sort(([a, m], [b, n]) => n - m || a - b)
    .map(([token]) => token);
  const rising = (a: number, b: number) => a - b;
  return [
    ...order.slice(0, SHORT).sort(rising),
    ...order.slice(SHORT).sort(rising),
  ];
}

/**
 * Reads what {@linkcode encodeTranscript} wrote.
 *
 * @param plainBytes Bytes of it before compression, as its section says.
 * @param position Tokens that the save has read.
 * @param unread Tokens that follow.
 * @throws {StateError} `ERR_STATE_UNREADABLE` if it is damaged, or is not of this
 * many tokens.
 */
export function decodeTranscript(
  section: Uint8Array,
  plainBytes: number,
  position: number,
  unread: readonly number[],
): Transcript {
  return atOnce(decodingTranscript(section, plainBytes, position, unread));
}

/** Reads a transcript as {@linkcode decodeTranscript} does, in steps. */
export function* decodingTranscript(
  section: Uint8Array,
  plainBytes: number,
  position: number,
  unread: readonly number[],
): Generator<void, Transcript> {
  if (plainBytes > MOST_TRANSCRIPT_BYTES) {
    throw unreadableTranscript(
      `its ${plainBytes} bytes exceed ${MOST_TRANSCRIPT_BYTES}`,
    );
  }
  const from = new TranscriptReader(yield* inflating(section, plainBytes));
  const short = from.number(SHORT), long = from.number(plainBytes);
  const most = Math.min(position, LONGEST_TRANSCRIPT) + unread.length;
  if (short + long > most) {
    throw unreadableTranscript(
      `it has ${short + long} words for ${most} tokens`,
    );
  }
  const order: number[] = [];
  const words = new Map<number, Uint8Array>();
  for (let place = 0, token = -1; place < short + long; place++) {
    if (place === short) token = -1;
    token += from.number(2 ** 32 - 2 - token) + 1;
    if (words.has(token)) {
      throw unreadableTranscript(`token ${token} has two words`);
    }
    order.push(token);
    words.set(token, from.bytes(from.number(plainBytes)));
    if (place % TRANSCRIPT_STEP === 0) yield;
  }
  const tokens = new Uint32Array(from.number(LONGEST_TRANSCRIPT));
  if (tokens.length !== position) {
    throw unreadableTranscript(
      `it has ${tokens.length} tokens, and the state has read ${position}`,
    );
  }
  for (let i = 0; i < tokens.length; i++) {
    tokens[i] = order[from.number(order.length - 1)];
    if (i % TRANSCRIPT_STEP === 0) yield;
  }
  const missing = unread.find((token) => !words.has(token));
  if (missing !== undefined) {
    throw unreadableTranscript(`token ${missing} has no word`);
  }
  const length = transcriptLength({ tokens, words }, unread);
  if (length > MOST_TEXT) {
    throw unreadableTranscript(`its text has ${length} bytes`);
  }
  const turns: TranscriptTurn[] = [];
  const count = from.number(plainBytes);
  for (let end = 0; turns.length < count;) {
    const role = TRANSCRIPT_ROLES[from.number(TRANSCRIPT_ROLES.length - 1)];
    const start = end + from.number(length - end);
    end = start + from.number(length - start);
    turns.push({ role, from: start, to: end });
    if (turns.length % TRANSCRIPT_STEP === 0) yield;
  }
  from.expectEnd();
  return { tokens, words, turns };
}

/** Decompresses, and stops soon after more comes out than there should. */
function* inflating(
  section: Uint8Array,
  plainBytes: number,
): Generator<void, Uint8Array> {
  const plain = new Uint8Array(plainBytes);
  let found = 0;
  const inflate = new Inflate((piece) => {
    const room = plain.subarray(found);
    plain.set(piece.subarray(0, room.length), found);
    found += piece.length;
  });
  try {
    for (
      let at = 0;
      at < section.length && found <= plainBytes;
      at += COMPRESSED_PIECE_BYTES
    ) {
      const piece = section.subarray(at, at + COMPRESSED_PIECE_BYTES);
      inflate.push(piece, at + COMPRESSED_PIECE_BYTES >= section.length);
      yield;
    }
  } catch {
    throw unreadableTranscript("its compressed bytes are damaged");
  }
  if (found === plainBytes) return plain;
  throw unreadableTranscript(
    `its bytes are not ${plainBytes} when decompressed`,
  );
}

function unreadableTranscript(found: string): Error {
  return unreadableSave(`in its transcript, ${found}`);
}

/** Writes numbers and bytes in a row. */
class TranscriptWriter {
  #sectionBytes = new Uint8Array(1 << 16);
  #writtenBytes = 0;

  number(value: number): void {
    this.#expectRoom(VARINT_BYTES);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) {
      this.#sectionBytes[this.#writtenBytes++] = rest % 128 | 128;
    }
    this.#sectionBytes[this.#writtenBytes++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.#expectRoom(bytes.length);
    this.#sectionBytes.set(bytes, this.#writtenBytes);
    this.#writtenBytes += bytes.length;
  }

  done(): Uint8Array {
    return this.#sectionBytes.subarray(0, this.#writtenBytes);
  }

  #expectRoom(length: number): void {
    const end = this.#writtenBytes + length;
    if (end <= this.#sectionBytes.length) return;
    const larger = new Uint8Array(2 * end);
    larger.set(this.#sectionBytes);
    this.#sectionBytes = larger;
  }
}

/** Bytes of the largest number. */
const VARINT_BYTES = 5;

/** Reads them again, each within its bounds. */
class TranscriptReader {
  readonly #sectionBytes: Uint8Array;
  #sectionAt = 0;

  constructor(bytes: Uint8Array) {
    this.#sectionBytes = bytes;
  }

  number(most: number): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.#sectionBytes[this.#sectionAt++];
      if (byte === undefined) {
        throw unreadableTranscript("it ends amid a number");
      }
      value += (byte & 127) * scale;
      // No other way to write a number: the last byte is not 0 but for 0 itself.
      const padded = byte === 0 && scale > 1;
      if (value > most || padded || scale > 2 ** 28) {
        throw unreadableTranscript(
          `the number at byte ${
            this.#sectionAt - 1
          } is ${value}, expected 0 to ${most}`,
        );
      }
      if (byte < 128) return value;
    }
  }

  bytes(length: number): Uint8Array {
    const start = this.#sectionAt;
    this.#sectionAt += length;
    if (this.#sectionAt > this.#sectionBytes.length) {
      throw unreadableTranscript("it ends amid a word");
    }
    return this.#sectionBytes.slice(start, this.#sectionAt);
  }

  expectEnd(): void {
    if (this.#sectionAt === this.#sectionBytes.length) return;
    throw unreadableTranscript(
      `${this.#sectionBytes.length} bytes, expected ${this.#sectionAt}`,
    );
  }
}
