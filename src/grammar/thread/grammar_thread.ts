/**
 * The thread that knows grammars, as others see it: a question, and an answer in
 * time or an error.
 *
 * @module
 */

import {
  type GrammarReply,
  type GrammarStart,
  type Questions,
  READY,
} from "./thread_messages.ts";

/** Why a thread says nothing more. */
export interface Failure {
  /** In its own words. */
  readonly failure: string;
  /** Whether it may be the machine's fault, and not that of what was asked. */
  readonly passing?: boolean;
  /** Whether a grammar was refused with a message for its caller. */
  readonly refused?: boolean;
}

/** Milliseconds that a thread may take to read the vocabulary. */
const STARTING = 60_000;

/** One thread, asked one thing at a time, or several together. */
export class GrammarThread {
  readonly #grammarWorker: Worker;
  readonly #threadReady = Promise.withResolvers<Failure | undefined>();
  #settleQuestion:
    | ((replies: readonly GrammarReply[] | Failure) => void)
    | undefined;
  #threadFailure: Failure | undefined;

  /** Starts the thread. */
  constructor(start: GrammarStart) {
    const url = new URL("./grammar_worker.ts", import.meta.url);
    this.#grammarWorker = new Worker(url, { type: "module" });
    this.#grammarWorker.addEventListener(
      "message",
      ({ data }: MessageEvent<readonly GrammarReply[] | typeof READY>) =>
        data === READY
          ? this.#threadReady.resolve(undefined)
          : this.#settleQuestion?.(data),
    );
    this.#grammarWorker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#failThread({ failure: event.message });
    });
    this.#grammarWorker.postMessage(start);
  }

  /**
   * Asks, when the last has been answered. A failure of the thread is one of all.
   *
   * @param patience Milliseconds to wait, once the thread is ready.
   */
  async ask(
    questions: Questions,
    patience: number,
  ): Promise<readonly GrammarReply[] | Failure> {
    const unready = await soon(this.#threadReady.promise, STARTING);
    if (unready !== undefined) return unready;
    if (this.#threadFailure !== undefined) return this.#threadFailure;
    const { promise, resolve } = Promise.withResolvers<
      readonly GrammarReply[] | Failure
    >();
    this.#settleQuestion = resolve;
    this.#grammarWorker.postMessage(questions);
    try {
      return await soon(promise, patience);
    } finally {
      this.#settleQuestion = undefined;
    }
  }

  /**
   * Ends the thread; what is asked fails. One in the midst of a question ends when
   * its steps are used up: see `wasm_fuel.ts`.
   */
  end(): void {
    this.#grammarWorker.terminate();
    this.#failThread({ failure: "it was closed", passing: true });
  }

  #failThread(failure: Failure): void {
    this.#threadFailure = failure;
    this.#threadReady.resolve(failure);
    this.#settleQuestion?.(failure);
  }
}

async function soon<T>(promise: Promise<T>, ms: number): Promise<T | Failure> {
  const { promise: late, resolve } = Promise.withResolvers<Failure>();
  const failure = `it took longer than ${ms} ms`;
  const timer = setTimeout(() => resolve({ failure, passing: true }), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
