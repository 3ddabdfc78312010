/**
 * Going back where no token may come: what an answer has tried in vain, and where
 * to try again. It first takes back the newest token, then twice as many each time
 * that it gets no further; a token that led nowhere does not come again at its
 * place. So a draw without chance finds another way too.
 *
 * @module
 */

/** Tokens that may be taken back: so many are held back from the reader. */
export const HELD_TOKENS = 64;

/** How often an answer may go back. */
const MOST_RETRIES = 64;

/** What one answer has tried. */
export class Retries {
  /** Tokens that the reader knows. */
  #toldTokens: number;
  #count = 0;
  #reach = 1;
  #lastRetry = -Infinity;
  /** By place, tokens that led nowhere. */
  readonly #barred = new Map<number, Set<number>>();

  /** Begins behind `written` tokens, which stay. */
  constructor(written: number) {
    this.#toldTokens = written;
  }

  /** Notes that there are so many tokens: those far back are told. */
  written(length: number): void {
    this.#toldTokens = Math.max(this.#toldTokens, length - HELD_TOKENS);
  }

  /**
   * Places to go back to from tokens that lead nowhere together, the best first: how
   * many of them to keep. None if there is no more to try.
   */
  retreat({ length }: readonly number[]): readonly number[] {
    if (this.#count === MOST_RETRIES || length <= this.#toldTokens) return [];
    this.#count++;
    this.#reach = length <= this.#lastRetry ? this.#reach * 2 : 1;
    this.#lastRetry = Math.max(this.#lastRetry, length);
    const best = Math.max(this.#toldTokens, length - this.#reach);
    const later = Array.from({ length: length - best }, (_, i) => best + i);
    const earlier = Array.from(
      { length: best - this.#toldTokens },
      (_, i) => best - 1 - i,
    );
    return [...later, ...earlier];
  }

  /** What of a mask is left at a place, without what led nowhere from there. */
  left(
    mask: Uint32Array<ArrayBuffer>,
    place: number,
    last: number,
  ): Uint32Array<ArrayBuffer> {
    const left = mask.slice();
    for (const token of [last, ...this.#barred.get(place) ?? []]) {
      left[token >>> 5] &= ~(1 << (token & 31));
    }
    return left;
  }

  /** Bars the token that came at a place which the answer has gone back to. */
  bar(place: number, last: number): void {
    for (const other of this.#barred.keys()) {
      if (other > place) this.#barred.delete(other);
    }
    const barred = this.#barred.get(place) ?? new Set();
    this.#barred.set(place, barred.add(last));
  }
}
