/**
 * The text side of a turn: drawn tokens become bytes, bytes become whole
 * characters, and nothing is given out that could still become a stop.
 *
 * Stops are looked for in what one turn gives out. One that began in the answer
 * of an earlier turn was given out there.
 *
 * @module
 */

import type { Tokenizer } from "../../text/tokenizer.ts";
import { Utf8Stream } from "../../text/utf8_stream.ts";
import type { StopSequence } from "../engine.ts";
import { StopSequenceMatcher } from "./stop_sequences.ts";

/** Where a stop was found. */
export interface StopCut {
  /** The stop. */
  readonly stop: StopSequence;
  /** Which drawn token it begins in; −1 if before the first of this turn. */
  readonly token: number;
  /** Bytes of that token before it. */
  readonly before: Uint8Array;
  /** Bytes of the last token up to the end of the stop. */
  readonly through: Uint8Array;
  /** Whether the last token goes on after it. */
  readonly inside: boolean;
}

/** The answer of one turn, as far as it has been drawn. */
export class Answer {
  readonly #tokenizer: Tokenizer;
  readonly #matcher: StopSequenceMatcher;
  /** Gives out whole characters. */
  #characters: Utf8Stream;
  /** Bytes that have not gone there, for they could become a stop. */
  #undecidedText: number[] = [];
  readonly #answerTokens: number[] = [];
  /** Where each of the tokens begins, in bytes. */
  readonly #tokenStarts: number[] = [];
  #textLength = 0;
  #textGiven = 0;

  /**
   * Begins an answer.
   *
   * @param carried Bytes of an unfinished character that the turn goes on with.
   */
  constructor(
    tokenizer: Tokenizer,
    stops: readonly StopSequence[],
    carried: Uint8Array,
  ) {
    this.#tokenizer = tokenizer;
    this.#matcher = new StopSequenceMatcher(stops);
    this.#characters = new Utf8Stream(carried);
    for (const byte of carried) this.#matcher.push(byte);
  }

  /** Takes the next token drawn; returns the stop that it completes. */
  push(token: number): StopCut | undefined {
    const bytes = this.#tokenizer.bytes(token);
    this.#answerTokens.push(token);
    this.#tokenStarts.push(this.#textLength);
    for (let i = 0; i < bytes.length; i++) {
      this.#undecidedText.push(bytes[i]);
      this.#textLength++;
      const found = this.#matcher.push(bytes[i]);
      if (found === undefined) continue;
      this.#withhold(found.length);
      return this.#cut(found.stop, this.#textLength - found.length, {
        through: bytes.slice(0, i + 1),
        inside: i + 1 < bytes.length,
      });
    }
  }

  /** Bytes at the end that could still become a stop. */
  get held(): number {
    return this.#matcher.held;
  }

  /** How many tokens have been given out to their last byte. */
  get told(): number {
    const told = this.#textGiven - this.pending.length;
    const next = this.#answerTokens.findIndex((token, i) =>
      this.#tokenStarts[i] + this.#tokenizer.bytes(token).length > told
    );
    return next < 0 ? this.#answerTokens.length : next;
  }

  /** What can be given out now: whole characters that no stop can begin in. */
  release(): string {
    return this.#giveText(this.#undecidedText.length - this.held);
  }

  /**
   * What is left once no stop can come any more.
   *
   * @param over Whether the text is over: an unfinished character is then given
   * out as U+FFFD; otherwise it stays {@linkcode pending}.
   */
  finish(over: boolean): string {
    const text = this.#giveText(this.#undecidedText.length);
    return over ? text + this.#characters.end() : text;
  }

  /** The unfinished character that was not given out. */
  get pending(): Uint8Array {
    return this.#characters.pending;
  }

  #giveText(length: number): string {
    if (length <= 0) return "";
    this.#textGiven += length;
    return this.#characters.push(
      Uint8Array.from(this.#undecidedText.splice(0, length)),
    );
  }

  /** Drops the stop itself, which is no part of the answer. */
  #withhold(length: number): void {
    if (length > this.#undecidedText.length) {
      this.#characters = new Utf8Stream();
    }
    this.#undecidedText.splice(-length);
  }

  #cut(
    stop: StopSequence,
    at: number,
    last: Pick<StopCut, "through" | "inside">,
  ): StopCut {
    const token = this.#tokenStarts.findLastIndex((start) => start <= at);
    const before = token < 0
      ? new Uint8Array()
      : this.#tokenizer.bytes(this.#answerTokens[token])
        .slice(0, at - this.#tokenStarts[token]);
    return { stop, token, before, ...last };
  }
}
