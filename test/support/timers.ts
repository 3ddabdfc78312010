/**
 * Timers by a clock that the test sets.
 *
 * @module
 */

/** Timers that stand still. */
export interface FakeTimers extends Disposable {
  /** Milliseconds that have passed. */
  readonly now: number;
  /** Lets so many milliseconds pass, and what was to happen in them. */
  pass(milliseconds: number): void;
}

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly then: () => void;
}

/** Takes the place of `setTimeout` and `clearTimeout` until it is disposed of. */
export function fakeTimers(): FakeTimers {
  const { setTimeout, clearTimeout } = globalThis;
  let now = 0, last = 0;
  let timers: readonly Timer[] = [];
  const set = (then: () => void, milliseconds = 0): number => {
    timers = [...timers, { id: ++last, at: now + milliseconds, then }];
    return last;
  };
  const clear = (id: number | undefined) => {
    timers = timers.filter((timer) => timer.id !== id);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return {
    get now(): number {
      return now;
    },
    pass(milliseconds): void {
      const until = now + milliseconds;
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= until)
          .toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        clear(next.id);
        now = Math.max(now, next.at);
        next.then();
      }
      now = until;
    },
    [Symbol.dispose](): void {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    },
  };
}
