/**
 * What edge runtimes bind to one request: their abort signals cannot be made
 * before there is a request, nor be heard by another. The engine outlives requests,
 * so its own signals are plain ones there. In the place of the originals in the
 * edge build alone; see `shims.ts`.
 *
 * @module
 */

export { withResolvers } from "./shims.ts";

/** Told once. */
export type Listener = () => void;

/** What the engine uses of an `AbortSignal`. */
export class PlainSignal {
  /** Whether it was aborted. */
  aborted = false;
  /** Why. */
  reason: unknown;
  readonly #eventListeners = new Set<Listener>();
  #followers: WeakRef<PlainSignal>[] = [];

  /** Calls `listener` once it is aborted. */
  addEventListener(_type: "abort", listener: Listener): void {
    this.#eventListeners.add(listener);
  }

  /** Takes that back. */
  removeEventListener(_type: "abort", listener: Listener): void {
    this.#eventListeners.delete(listener);
  }

  /** Throws the reason, if there is one. */
  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Aborts it, and all that follow it. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? new DOMException("It was aborted", "AbortError");
    for (const listener of this.#eventListeners) listener();
    for (const follower of this.#followers) follower.deref()?.abort(reason);
    this.#eventListeners.clear();
    this.#followers = [];
  }

  /** Aborts `signal` too, for as long as somebody else keeps it. */
  lead(signal: PlainSignal): void {
    this.#followers = this.#followers.filter((x) => x.deref() !== undefined);
    this.#followers.push(new WeakRef(signal));
  }
}

/** `AbortController` without a request. */
export class PlainAbortController {
  /** What it aborts. */
  readonly signal: PlainSignal = new PlainSignal();
  /** Aborts its signal. */
  abort(reason?: unknown): void {
    this.signal.abort(reason);
  }
}

/** `AbortSignal.any`, of signals of both kinds. */
export function anySignal(
  signals: readonly Pick<
    AbortSignal,
    "aborted" | "reason" | "addEventListener"
  >[],
): PlainSignal {
  const either = new PlainSignal();
  for (const signal of signals) {
    if (signal.aborted) either.abort(signal.reason);
    else if (signal instanceof PlainSignal) signal.lead(either);
    else signal.addEventListener("abort", () => either.abort(signal.reason));
  }
  return either;
}
