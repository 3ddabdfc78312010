/**
 * Events on their way from a lane to the reader of the answer. The lane never
 * waits for a slow reader: it is free again as soon as its turn is over.
 *
 * @module
 */

/** A queue with one reader, who asks for one item at a time. */
export class Mailbox<T> implements AsyncIterableIterator<T, void> {
  readonly #waitingEvents: T[] = [];
  #mailboxClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: () => void = () => {};

  /** Adds an item. */
  put(item: T): void {
    if (this.#mailboxClosed) return;
    this.#waitingEvents.push(item);
    this.#wakeReader();
  }

  /** Ends the reader's loop once it has everything. */
  close(): void {
    this.#mailboxClosed = true;
    this.#wakeReader();
  }

  /** Throws `error` at the reader once it has everything. */
  fail(error: unknown): void {
    if (this.#mailboxClosed) return;
    this.#failure = { error };
    this.close();
  }

  /** The next item, in the order in which they were put in. */
  async next(): Promise<IteratorResult<T, void>> {
    while (this.#waitingEvents.length === 0 && !this.#mailboxClosed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakeReader = resolve;
      await promise;
    }
    if (this.#waitingEvents.length > 0) {
      return { done: false, value: this.#waitingEvents.shift() as T };
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  /** Everything put in, once. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
