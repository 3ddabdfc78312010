/**
 * A value that can be watched.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";

/** A value and those who are told when another takes its place. */
export class Observable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  /** Begins with `value`. */
  constructor(value: T) {
    this.#value = value;
  }

  /** What it is now. */
  get value(): T {
    return this.#value;
  }

  /** Puts `value` in its place. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Changes some members of the value. */
  patch(part: Partial<T>): void {
    this.set({ ...this.#value, ...part });
  }

  /** Calls `listener` after each change; the answer ends that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value, in a component that is drawn again when it changes. */
export function useValue<T>(observable: Observable<T>): T {
  const [, redraw] = useState({});
  const { value } = observable;
  useEffect(() => {
    // It may have changed between the drawing and this effect.
    if (observable.value !== value) redraw({});
    return observable.watch(() => redraw({}));
  }, [observable]);
  return value;
}
