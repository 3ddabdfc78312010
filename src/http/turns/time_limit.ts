/**
 * How long a turn may take.
 *
 * @module
 */

import { UnreadPromptError } from "../../chat/chat_turn.ts";
import { TimeLimitError } from "../../errors.ts";

/** A signal that is aborted when the time is over; disposing it stops the clock. */
export class TimeLimit implements Disposable {
  /** Aborted by the caller or by the clock. */
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #seconds: number | undefined;

  /**
   * The clock starts at once.
   *
   * @param signal The caller's.
   */
  constructor(seconds: number | undefined, signal: AbortSignal) {
    this.#seconds = seconds;
    if (seconds === undefined) {
      this.signal = signal;
      return;
    }
    this.signal = AbortSignal.any([signal, this.#over.signal]);
    this.#timer = setTimeout(
      () => this.#over.abort(this.#exceeded("send less at once")),
      1000 * seconds,
    );
  }

  /** Why a turn failed: its time, where that left a prompt which no save can hold. */
  reasonOf(error: unknown): unknown {
    if (!this.#over.signal.aborted) return error;
    if (!(error instanceof UnreadPromptError)) return error;
    return this.#exceeded(
      `${error.unread} tokens of the prompt are unread; send it in several turns`,
    );
  }

  #exceeded(repair: string): TimeLimitError {
    return new TimeLimitError(
      "ERR_TIME_LIMIT",
      `Cannot finish within ${this.#seconds} s: ${repair}`,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
