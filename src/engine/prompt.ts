/**
 * Reading what a turn is given, all but its last token, in chunks.
 *
 * @module
 */

import { extendChain } from "../state/chain.ts";
import { CHUNK } from "./scheduler.ts";

/** How far a turn has read. */
export class PromptReader {
  readonly #given: readonly number[];
  #asked = 0;
  #read = 0;
  #chain: Uint8Array;

  /** Reads `given` after what `chain` stands for. */
  constructor(given: readonly number[], chain: Uint8Array) {
    this.#given = given;
    this.#chain = chain;
  }

  /** Whether there is more to ask for. */
  get reading(): boolean {
    return this.#asked < this.#given.length - 1;
  }

  /** Tokens read. */
  get read(): number {
    return this.#read;
  }

  /** The chain of these tokens. */
  get chain(): Uint8Array {
    return this.#chain;
  }

  /** The next chunk, if it has no more than `room` tokens. */
  ask(room: number): readonly number[] | undefined {
    const end = Math.min(this.#asked + CHUNK, this.#given.length - 1);
    if (end - this.#asked > room) return undefined;
    const tokens = this.#given.slice(this.#asked, end);
    this.#asked = end;
    return tokens;
  }

  /** A chunk has been read. */
  advance(tokens: readonly number[]): void {
    this.#read += tokens.length;
    this.#chain = extendChain(this.#chain, tokens);
  }
}
