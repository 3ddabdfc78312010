/**
 * What the time of a turn was spent on.
 *
 * @module
 */

import type { DoneEvent } from "../engine.ts";
import type { TurnObserver } from "../turn_observer.ts";

/** Runs from the moment that a turn has a lane. */
export class TurnClock {
  readonly #observer: TurnObserver | undefined;
  readonly #startedAt = performance.now();
  #readAt: number | undefined;
  /** Tokens drawn since the prompt was read. */
  #tokensDrawn = 0;

  /** Starts; tells `observer` of every part that is over. */
  constructor(observer: TurnObserver | undefined) {
    this.#observer = observer;
  }

  /** The state is on its lane. */
  uploaded(): void {
    this.#observer?.phase("upload", this.#startedAt, performance.now());
  }

  /** The prompt, of so many tokens, has been read, if it was not before. */
  read(tokens: number): void {
    if (this.#readAt !== undefined) return;
    this.#readAt = performance.now();
    this.#observer?.phase("prefill", this.#startedAt, this.#readAt, tokens);
  }

  /** Tokens have been drawn. The first ones are there when the prompt is read. */
  drawn(tokens: number, prompt: number): void {
    if (this.#readAt === undefined) this.read(prompt);
    else this.#tokensDrawn += tokens;
  }

  /** Nothing more will be drawn; `download` brings the state. */
  async downloaded<T>(download: Promise<T>): Promise<T> {
    const from = performance.now();
    this.#observer?.phase(
      "decode",
      this.#readAt ?? from,
      from,
      this.#tokensDrawn,
    );
    const values = await download;
    this.#observer?.phase("download", from, performance.now());
    return values;
  }

  /** Milliseconds until now. */
  get timings(): DoneEvent["timings"] {
    const readAt = this.#readAt ?? this.#startedAt;
    return {
      prefillMs: readAt - this.#startedAt,
      decodeMs: performance.now() - readAt,
    };
  }
}
