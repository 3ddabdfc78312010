/**
 * The engine as one caller sees it: turns are counted as theirs, cost them tokens,
 * and end when their time is over.
 *
 * @module
 */

import type { Engine, Turn, TurnEvent } from "../../engine/engine.ts";
import { TimeLimitError } from "../../errors.ts";
import { MOST_UNREAD } from "../../state/header.ts";
import { encodePrompt } from "../../text/prompt.ts";
import { engineView } from "./engine_view.ts";

/** What one caller may take. */
export interface EngineBounds {
  /** Who it is: turns of several tenants are served by turns. */
  readonly tenant: string;
  /** Seconds that a turn may take, waiting for a lane included; absent: any. */
  readonly timeout?: number | undefined;
  /** Told how many tokens a turn has read and written. */
  readonly spend: (tokens: number) => void;
}

/** Puts `bounds` on everything asked of `engine`. */
export function boundedEngine(engine: Engine, bounds: EngineBounds): Engine {
  const { tenant, timeout, spend } = bounds;
  return engineView(engine, {
    async *generate(turn, signal): AsyncGenerator<TurnEvent, void> {
      using limit = new TimeLimit(timeout, signal);
      const written: string[] = [];
      let spent: number | undefined;
      try {
        const events = engine.generate({ ...turn, tenant }, limit.signal);
        for await (const event of events) {
          if (event.type === "text") {
            written.push(event.text);
          } else {
            const { promptTokens, completionTokens } = event.usage;
            spent = promptTokens + completionTokens;
            limit.expectSavable(event.save.unread.length);
          }
          yield event;
        }
      } finally {
        // Who hangs up pays for what was written until then.
        spend(spent ?? spentUntil(engine, turn, written));
      }
    },
    async score(query, signal) {
      using limit = new TimeLimit(timeout, signal);
      const scores = await engine.score({ ...query, tenant }, limit.signal);
      spend(scores.reduce((sum, { length }) => sum + length, 0));
      return scores;
    },
  });
}

/** Tokens of a turn that was broken off: none if it had not begun to answer. */
function spentUntil(
  { tokenizer }: Engine,
  { prompt }: Turn,
  written: readonly string[],
): number {
  const count = written.reduce(
    (sum, text) => sum + tokenizer.encode(text).length,
    0,
  );
  return count > 0 ? count + encodePrompt(prompt, tokenizer).length : 0;
}

/** A signal that is aborted when the time is over; disposing it stops the clock. */
class TimeLimit implements Disposable {
  /** Aborted by the caller or by the clock. */
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #seconds: number | undefined;

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

  /**
   * Says what happened to a turn that was cut off where no save can go on.
   *
   * @param unread Tokens that its state has not read.
   */
  expectSavable(unread: number): void {
    if (unread <= MOST_UNREAD || !this.#over.signal.aborted) return;
    throw this.#exceeded(
      `${unread} tokens of the prompt are unread; send it in several turns`,
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
