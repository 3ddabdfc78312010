/**
 * Reading what a turn is given, up to the tokens that come with the first draw.
 *
 * @module
 */

import { extendChain } from "../../state/token_chain.ts";
import { PREFILL_CHUNK } from "../queue/scheduler.ts";

/** How far a turn has read. */
export class PromptReader {
  readonly #promptTokens: readonly number[];
  /** How many tokens are read before the first draw. */
  readonly #readLimit: number;
  #tokensAsked = 0;
  #tokensRead = 0;
  #chain: Uint8Array;

  /**
   * Reads `given` after what `chain` stands for.
   *
   * @param joined Whether the first draw comes with the last chunk. Otherwise it
   * comes with the last token alone.
   */
  constructor(given: readonly number[], chain: Uint8Array, joined: boolean) {
    const last = given.length - 1;
    this.#promptTokens = given;
    this.#readLimit = joined ? last - last % PREFILL_CHUNK : last;
    this.#chain = chain;
  }

  /** Whether there is more to ask for. */
  get reading(): boolean {
    return this.#tokensAsked < this.#readLimit;
  }

  /** Tokens to read with the first draw. */
  get rest(): readonly number[] {
    return this.#promptTokens.slice(this.#readLimit);
  }

  /** Tokens read. */
  get read(): number {
    return this.#tokensRead;
  }

  /** The chain of these tokens. */
  get chain(): Uint8Array {
    return this.#chain;
  }

  /** The next chunk, if it has no more than `room` tokens. */
  ask(room: number): readonly number[] | undefined {
    const end = Math.min(this.#tokensAsked + PREFILL_CHUNK, this.#readLimit);
    if (end - this.#tokensAsked > room) return undefined;
    const tokens = this.#promptTokens.slice(this.#tokensAsked, end);
    this.#tokensAsked = end;
    return tokens;
  }

  /** A chunk has been read. */
  advance(tokens: readonly number[]): void {
    this.#tokensRead += tokens.length;
    this.#chain = extendChain(this.#chain, tokens);
  }
}
