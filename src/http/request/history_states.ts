/**
 * Bodies with a state of every turn in them. A client that keeps a conversation
 * sends all of its items or messages every time, and each answer in them carries
 * the state that it left. Only the newest is used, so the others are dropped while
 * the body arrives: what is kept of it has a bound, however long the conversation.
 *
 * @module
 */

import { RequestError } from "../../errors.ts";

/** Bytes of a string that is worth a look. */
const LONG = 1024;

/**
 * How strings with a sealed or a portable state in them begin: to the end of
 * {@linkcode TOKEN_HEAD_BYTES} there is nothing that a token does not have. What people write may
 * begin as a token does ("Hmm..."), but has a space before long.
 */
const CARRIER =
  /^(?:(?:msg|rs|fc|call)_(?:\d{1,3}\.)?)?(?:[\w-]+\.\.[\w-]{16}\.[\w-]+(?:\.[\w-]*)?|gosling-portable\.[\w-]+)$/;

/** Bytes of a string that are looked at: of a JWE, its header and more. */
const TOKEN_HEAD_BYTES = 1600;

/** Bytes at a state's end that tell it from others: its tag, or its checksum. */
const TAIL = 22;

/** How a state ends, and no text that only begins with one. */
const ENDING = /^[.\w-][\w-]{22}$/;

/**
 * States that are kept, by their order in the body: the newest of the messages, and
 * one that stands after them in a field of the request's own.
 */
const KEPT_STATES = 2;

/** How many times the bytes that are kept may arrive. */
const REPEATS = 64;

const JSON_QUOTE = 0x22, JSON_BACKSLASH = 0x5c;

/** Reads a JSON body and drops the states that newer ones have replaced. */
export class HistoryReader {
  readonly #mostStates: number;
  /** Pieces of the body in order; those of dropped states are empty. */
  readonly #bodyPieces: Uint8Array[] = [];
  /** Places in {@linkcode #pieces} by the state's tail, the newest last. */
  readonly #foundStates = new Map<string, number[]>();
  /** What of an unfinished string has arrived. */
  #stringBytes: Uint8Array[] | undefined;
  /** Backslashes at its end. */
  #slashes = 0;
  #arrived = 0;
  #keptStates = 0;

  /**
   * Begins a body.
   *
   * @param most Bytes to keep at most.
   */
  constructor(most: number) {
    this.#mostStates = most;
  }

  /**
   * Takes the next of the body.
   *
   * @throws {RequestError} `ERR_REQUEST_TOO_LARGE`.
   */
  push(chunk: Uint8Array): void {
    this.#arrived += chunk.length;
    this.#keptStates += chunk.length;
    for (let at = 0; at < chunk.length;) {
      at = this.#stringBytes === undefined
        ? this.#readOutsideString(chunk, at)
        : this.#readInsideString(chunk, at, this.#stringBytes);
    }
    if (
      this.#keptStates <= this.#mostStates &&
      this.#arrived <= REPEATS * this.#mostStates
    ) {
      return;
    }
    throw new RequestError(
      "ERR_REQUEST_TOO_LARGE",
      `Cannot read body: it is larger than ${this.#mostStates} bytes`,
    );
  }

  /** The body, once all of it has arrived. */
  finish(): ArrayBuffer {
    this.#bodyPieces.push(...this.#stringBytes ?? []);
    const body = new Uint8Array(this.#keptStates);
    let at = 0;
    for (const piece of this.#bodyPieces) {
      body.set(piece, at);
      at += piece.length;
    }
    return body.buffer;
  }

  #readOutsideString(chunk: Uint8Array, from: number): number {
    let quote = chunk.indexOf(JSON_QUOTE, from);
    // Most strings hold no state, and a body can have a million of them.
    while (quote >= 0) {
      const after = afterShort(chunk, quote + 1);
      if (after < 0) break;
      quote = chunk.indexOf(JSON_QUOTE, after);
    }
    const end = quote < 0 ? chunk.length : quote + 1;
    this.#bodyPieces.push(chunk.subarray(from, end));
    if (quote >= 0) {
      this.#stringBytes = [];
      this.#slashes = 0;
    }
    return end;
  }

  #readInsideString(
    chunk: Uint8Array,
    from: number,
    string: Uint8Array[],
  ): number {
    const quote = chunk.indexOf(JSON_QUOTE, from);
    const end = quote < 0 ? chunk.length : quote;
    let slashes = 0;
    while (
      slashes < end - from && chunk[end - 1 - slashes] === JSON_BACKSLASH
    ) {
      slashes++;
    }
    this.#slashes = slashes === end - from ? this.#slashes + slashes : slashes;
    if (quote >= 0 && this.#slashes % 2 === 1) {
      this.#slashes = 0;
      string.push(chunk.subarray(from, quote + 1));
      return quote + 1;
    }
    string.push(chunk.subarray(from, end));
    if (quote < 0) return end;
    this.#stringBytes = undefined;
    this.#closeString(string);
    this.#bodyPieces.push(chunk.subarray(quote, quote + 1));
    return quote + 1;
  }

  /** A string has ended, but for its quote. */
  #closeString(string: readonly Uint8Array[]): void {
    const length = string.reduce((sum, piece) => sum + piece.length, 0);
    const ending = asciiText(string, length - TAIL - 1, length);
    if (
      length < LONG || !ENDING.test(ending) ||
      !CARRIER.test(asciiText(string, 0, TOKEN_HEAD_BYTES))
    ) {
      this.#bodyPieces.push(...string);
    } else {
      const tail = ending.slice(1);
      const places = this.#foundStates.get(tail) ?? [];
      for (const piece of string) places.push(this.#bodyPieces.push(piece) - 1);
      this.#foundStates.delete(tail);
      this.#foundStates.set(tail, places);
      const [oldest] = this.#foundStates.keys();
      if (this.#foundStates.size > KEPT_STATES) this.#dropState(oldest);
    }
  }

  #dropState(tail: string): void {
    for (const place of this.#foundStates.get(tail) ?? []) {
      this.#keptStates -= this.#bodyPieces[place].length;
      this.#bodyPieces[place] = new Uint8Array();
    }
    this.#foundStates.delete(tail);
  }
}

/**
 * Where a string that begins at `from` has ended; -1 if it is not a short one, or goes
 * on in the next chunk.
 */
function afterShort(chunk: Uint8Array, from: number): number {
  const end = Math.min(chunk.length, from + LONG);
  for (let at = from; at < end; at++) {
    if (chunk[at] === JSON_QUOTE) return at + 1;
    if (chunk[at] === JSON_BACKSLASH) at++;
  }
  return -1;
}

/** Bytes of a string in pieces as ASCII text. */
function asciiText(
  string: readonly Uint8Array[],
  from: number,
  to: number,
): string {
  let text = "";
  let at = 0;
  for (const piece of string) {
    const [start, end] = [Math.max(0, from - at), Math.max(0, to - at)];
    text += String.fromCharCode(...piece.subarray(start, end));
    at += piece.length;
    if (at >= to) break;
  }
  return text;
}
