/**
 * Reading what a turn is given, up to the tokens that come with the first draw.
 *
 * @module
 */

import { extendChain } from "../../state/token_chain.ts";
import { PREFILL_CHUNK } from "../queue/scheduler.ts";

/** How far a turn has read. */
export class PromptReader {
  readonly #given: readonly number[];
  /** How many tokens are read before the first draw. */
  readonly #limit: number;
  #asked = 0;
  #read = 0;
  #chain: Uint8Array;

  /**
   * Reads `given` after what `chain` stands for.
   *
   * @param joined Whether the first draw comes with the last chunk. Otherwise it
   * comes with the last token alone.
   */
  constructor(given: readonly number[], chain: Uint8Array, joined: boolean) {
    const last = given.length - 1;
    this.#given = given;
    this.#limit = joined ? last - last % PREFILL_CHUNK : last;
    this.#chain = chain;
  }

  /** Whether there is more to ask for. */
  get reading(): boolean {
    return this.#asked < this.#limit;
  }

  /** Tokens to read with the first draw. */
  get rest(): readonly number[] {
    return this.#given.slice(this.#limit);
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
    const end = Math.min(this.#asked + PREFILL_CHUNK, this.#limit);
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
