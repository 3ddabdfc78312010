/**
 * The thread that knows grammars, as others see it: a question, and an answer in
 * time or an error.
 *
 * @module
 */

import type { Question, Reply, Start } from "./messages.ts";

/** One thread, for one question at a time. */
export class Thread {
  readonly #worker: Worker;
  #settle: ((reply: Reply) => void) | undefined;

  /** Starts the thread. */
  constructor(start: Start) {
    const url = new URL("./worker.ts", import.meta.url);
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.addEventListener(
      "message",
      ({ data }: MessageEvent<Reply>) => this.#settle?.(data),
    );
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#settle?.({ failure: event.message });
    });
    this.#worker.postMessage(start);
  }

  /**
   * Asks, when the last question has been answered.
   *
   * @param patience Milliseconds to wait.
   */
  async ask(question: Question, patience: number): Promise<Reply> {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#settle = resolve;
    const late = setTimeout(
      () => resolve({ failure: `it took longer than ${patience} ms` }),
      patience,
    );
    this.#worker.postMessage(question);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#settle = undefined;
    }
  }

  /** Ends the thread, even if it hangs; what is asked fails. */
  end(): void {
    this.#worker.terminate();
    this.#settle?.({ failure: "it was closed" });
  }
}
