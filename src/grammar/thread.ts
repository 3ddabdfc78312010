/**
 * The thread that knows grammars, as others see it: a question, and an answer in
 * time or an error.
 *
 * @module
 */

import type { GrammarReply, GrammarStart, Questions } from "./messages.ts";

/** Why a thread says nothing more. */
export interface Failure {
  /** In its own words. */
  readonly failure: string;
}

/** One thread, asked one thing at a time, or several together. */
export class GrammarThread {
  readonly #worker: Worker;
  #settle: ((replies: readonly GrammarReply[] | Failure) => void) | undefined;

  /** Starts the thread. */
  constructor(start: GrammarStart) {
    const url = new URL("./worker.ts", import.meta.url);
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.addEventListener(
      "message",
      ({ data }: MessageEvent<readonly GrammarReply[]>) => this.#settle?.(data),
    );
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#settle?.({ failure: event.message });
    });
    this.#worker.postMessage(start);
  }

  /**
   * Asks, when the last has been answered. A failure of the thread is one of all.
   *
   * @param patience Milliseconds to wait.
   */
  async ask(
    questions: Questions,
    patience: number,
  ): Promise<readonly GrammarReply[] | Failure> {
    const { promise, resolve } = Promise.withResolvers<
      readonly GrammarReply[] | Failure
    >();
    this.#settle = resolve;
    const late = setTimeout(
      () => resolve({ failure: `it took longer than ${patience} ms` }),
      patience,
    );
    this.#worker.postMessage(questions);
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
