/**
 * Masks for a thread that draws tokens in a grammar, from the thread that knows the
 * grammar: each token is told as soon as it is drawn, and the mask of the next one
 * is found while that token is read. Both write into one shared memory and wait for
 * each other there, so no other thread has to carry a word.
 *
 * Memory, in words of 32 bits: tokens told, times 2, plus 1 if no more will be;
 * masks given, times 2, plus 1 if the last is missing; the last token; nothing; the
 * last mask `[V / 32]`.
 *
 * @module
 */

/** Places in the memory. */
const TOLD_AT = 0, GIVEN_AT = 1, TOKEN_AT = 2, MASK_AT = 4;

/** One side of a feed. */
export class MaskFeed {
  /** What both sides share. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #mask: Uint32Array<SharedArrayBuffer>;

  /** Takes part in a feed that another side has begun. */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#mask = new Uint32Array(memory, 4 * MASK_AT);
  }

  /** Begins a feed of masks of so many words. */
  static begin(words: number): MaskFeed {
    return new MaskFeed(new SharedArrayBuffer(4 * (MASK_AT + words)));
  }

  /** Tells the token drawn. The mask before it must have been taken. */
  tell(token: number): void {
    this.#words[TOKEN_AT] = token;
    Atomics.add(this.#words, TOLD_AT, 2);
    Atomics.notify(this.#words, TOLD_AT);
  }

  /** Says that no more will be told. */
  end(): void {
    Atomics.or(this.#words, TOLD_AT, 1);
    Atomics.notify(this.#words, TOLD_AT);
  }

  /**
   * The mask behind all tokens told, until the next is. Waits for it, which only
   * workers may.
   *
   * @param ms Milliseconds to wait.
   * @returns Nothing if it is not there by then, or will never be.
   */
  take(ms: number): Uint32Array | undefined {
    const told = Atomics.load(this.#words, TOLD_AT) >>> 1;
    const until = performance.now() + ms;
    for (;;) {
      const given = Atomics.load(this.#words, GIVEN_AT);
      if ((given & 1) !== 0) return undefined;
      if (given >>> 1 === told) return this.#mask;
      const left = until - performance.now();
      if (left <= 0) return undefined;
      Atomics.wait(this.#words, GIVEN_AT, given, left);
    }
  }

  /**
   * The next token, the one after `count` others. Waits for it.
   *
   * @param ms Milliseconds to wait.
   * @returns Nothing if there is none by then, or none will be.
   */
  hear(count: number, ms: number): number | undefined {
    const until = performance.now() + ms;
    for (;;) {
      const told = Atomics.load(this.#words, TOLD_AT);
      if (told >>> 1 > count) return this.#words[TOKEN_AT];
      const left = until - performance.now();
      if ((told & 1) !== 0 || left <= 0) return undefined;
      Atomics.wait(this.#words, TOLD_AT, told, left);
    }
  }

  /** Gives the mask behind the last token told; nothing if there is none. */
  give(mask: Uint32Array | undefined): void {
    if (mask !== undefined) this.#mask.set(mask);
    Atomics.add(this.#words, GIVEN_AT, mask === undefined ? 1 : 2);
    Atomics.notify(this.#words, GIVEN_AT);
  }
}
