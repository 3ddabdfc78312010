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
  readonly #limitOver = new AbortController();
  readonly #limitTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #limitSeconds: number | undefined;

  /**
   * The clock starts at once.
   *
   * @param signal The caller's.
   */
  constructor(seconds: number | undefined, signal: AbortSignal) {
    this.#limitSeconds = seconds;
    if (seconds === undefined) {
      this.signal = signal;
      return;
    }
    this.signal = AbortSignal.any([signal, this.#limitOver.signal]);
    this.#limitTimer = setTimeout(
      () => this.#limitOver.abort(this.#limitExceeded("send less at once")),
      1000 * seconds,
    );
  }

  /** Why a turn failed: its time, where that left a prompt which no save can hold. */
  reasonOf(error: unknown): unknown {
    if (!this.#limitOver.signal.aborted) return error;
    if (!(error instanceof UnreadPromptError)) return error;
    return this.#limitExceeded(
      `${error.unread} tokens of the prompt are unread; send it in several turns`,
    );
  }

  #limitExceeded(repair: string): TimeLimitError {
    return new TimeLimitError(
      "ERR_TIME_LIMIT",
      `Cannot finish within ${this.#limitSeconds} s: ${repair}`,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#limitTimer);
  }
}
