/**
 * The tokens at which a device may stop drawing by itself, because the answer
 * surely ends there: the end of text, and every token that contains a stop.
 *
 * A stop that is spread over tokens is found by the host, when more may have been
 * drawn; `lane_rewinder.ts` undoes that.
 *
 * @module
 */

import type { Tokenizer } from "../../text/tokenizer.ts";
import type { StopSequence } from "../engine.ts";

/** Finds stop tokens. */
export class StopTokens {
  readonly #tokenizer: Tokenizer;
  /**
   * Sets for kept stops, by their texts: a template has few, and they are in
   * every turn. Other stops are a request's own, and nothing of it may stay.
   */
  readonly #knownStopTokens = new Map<string, ReadonlySet<number>>();

  /** Works on the tokens of `tokenizer`. */
  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** The tokens at which an answer with these stops ends. */
  for(stops: readonly StopSequence[]): ReadonlySet<number> {
    const kept = this.#knownFor(stops.filter(({ kept }) => kept));
    const own = stops.filter(({ kept }) => !kept);
    return own.length === 0
      ? kept
      : new Set([...kept, ...this.#findStopTokens(own)]);
  }

  #knownFor(stops: readonly StopSequence[]): ReadonlySet<number> {
    const key = JSON.stringify(stops.map(({ text }) => text));
    let found = this.#knownStopTokens.get(key);
    if (found === undefined) {
      found = this.#findStopTokens(stops).add(this.#tokenizer.end);
      this.#knownStopTokens.set(key, found);
    }
    return found;
  }

  #findStopTokens(stops: readonly StopSequence[]): Set<number> {
    const { size } = this.#tokenizer;
    const wanted = stops.map(({ text }) => new TextEncoder().encode(text));
    const found = new Set<number>();
    if (wanted.length === 0) return found;
    for (let token = 0; token < size; token++) {
      const bytes = this.#tokenizer.bytes(token);
      if (wanted.some((text) => contains(bytes, text))) found.add(token);
    }
    return found;
  }
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  if (wanted.length === 0) return false;
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    let same = 0;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return true;
  }
  return false;
}
