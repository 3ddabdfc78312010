/**
 * Events on their way from a lane to whoever reads the answer. The lane never
 * waits for a slow reader: it is free again as soon as its turn is over.
 *
 * @module
 */

/** A queue with one reader. */
export class Mailbox<T> {
  readonly #waiting: T[] = [];
  #over = false;
  #failure: unknown;
  #wake: () => void = () => {};

  /** Adds an item. */
  put(item: T): void {
    if (this.#over) return;
    this.#waiting.push(item);
    this.#wake();
  }

  /** Ends the reader's loop once it has everything. */
  close(): void {
    this.#over = true;
    this.#wake();
  }

  /** Throws `error` at the reader once it has everything. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = error;
    this.close();
  }

  /** Everything put in, in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    while (true) {
      for (let item; (item = this.#waiting.shift()) !== undefined;) yield item;
      if (this.#over) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
