/**
 * What the page does with signals besides reading them: a component that reads the
 * value of one is drawn again when it changes.
 *
 * @module
 */

import type { ReadonlySignal, Signal } from "@preact/signals";

/** Changes some members of the value. */
export function patch<T>(signal: Signal<T>, part: Partial<T>): void {
  signal.value = { ...signal.peek(), ...part };
}

/** Calls `listener` after each change; the answer ends that. */
export function watch<T>(
  signal: ReadonlySignal<T>,
  listener: () => void,
): () => void {
  let changed = false;
  return signal.subscribe(() => {
    if (changed) listener();
    changed = true;
  });
}
