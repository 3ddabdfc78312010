/**
 * The threads of a pass wait for the last one, and share what comes next.
 *
 * Idea: a counter of arrivals and a generation that the last arrival advances.
 * Phases last microseconds, so a thread spins first and asks the system to be
 * woken only when that takes long; the last arrival makes the system call only
 * if somebody sleeps.
 *
 * The host chooses the threads of each pass. A thread has a word of its own that
 * wakes it, so that those without a part in a pass sleep on and cost nothing.
 *
 * Between two barriers a phase is cut into pieces. Each thread starts on the one of
 * its own number and claims further ones, so that a core that is slow, or lent to
 * somebody else, takes fewer.
 *
 * Layout: u32 words, each in its own cache line: arrivals, generation, sleepers, and
 * pieces claimed, which the last arrival sets to 0; beside the sleepers the loads
 * that waiting saves; then a line for each thread with
 * the passes it was called to, and whether it sleeps.
 * Source: the sense-reversing barrier of Mellor-Crummey and Scott (1991).
 * Oracle: test/device/wasm/model_test.ts, for several numbers of threads.
 */

import { Plan } from "./plan";

const LINE: usize = 64;

/**
 * Loads before sleeping. Within a pass the others are at work on the same phase, so
 * a thread waits for longer than waking takes (5 to 50 µs on a virtual machine), but
 * for less each time that it was in vain: then somebody else has the core of the
 * one that is late. Between passes nobody knows when the next one comes.
 */
const MOST_SPINS: u32 = 100_000, LEAST_SPINS: u32 = 10_000;
const IDLE_SPINS: u32 = 20_000;

/** The line of thread 0, which nobody has to wake. */
const CALLS: usize = 4 * LINE;

/** Loads that are not made any more, beside the sleepers. */
const SAVED: usize = 2 * LINE + 4;

export function barrier(plan: Plan): void {
  const threads = plan.threads;
  const at = <usize>plan.barrier;
  if (threads === 1) {
    store<u32>(at + 3 * LINE, 0);
    return;
  }
  const generation = atomic.load<u32>(at + LINE);
  if (atomic.add<u32>(at, 1) === threads - 1) {
    atomic.store<u32>(at, 0);
    atomic.store<u32>(at + 3 * LINE, 0);
    atomic.store<u32>(at + LINE, generation + 1);
    if (atomic.load<u32>(at + 2 * LINE) !== 0) {
      atomic.notify(at + LINE, i32.MAX_VALUE);
    }
    return;
  }
  // Shared without locks: a lost change matters to nobody.
  const saved = load<u32>(at, SAVED);
  const spins = MOST_SPINS - saved;
  for (let i: u32 = 0; i < spins; i++) {
    if (atomic.load<u32>(at + LINE) === generation) continue;
    if (saved > 0) store<u32>(at, saved - saved / 8 - u32(saved < 8), SAVED);
    return;
  }
  store<u32>(at, MOST_SPINS - max(spins - spins / 4, LEAST_SPINS), SAVED);
  atomic.add<u32>(at + 2 * LINE, 1);
  while (atomic.load<u32>(at + LINE) === generation) {
    atomic.wait<i32>(at + LINE, generation, -1);
  }
  atomic.sub<u32>(at + 2 * LINE, 1);
}

/** Calls the threads of a pass but the caller's own, 0. */
export function call(plan: Plan, threads: u32): void {
  for (let i: u32 = 1; i < threads; i++) {
    const at = <usize>plan.barrier + CALLS + i * LINE;
    atomic.add<u32>(at, 1);
    if (atomic.load<u32>(at, 4) !== 0) atomic.notify(at, 1);
  }
}

/** Waits for the call after `calls` of them. */
export function awaitCall(plan: Plan, me: u32, calls: u32): void {
  const at = <usize>plan.barrier + CALLS + me * LINE;
  for (let i: u32 = 0; i < IDLE_SPINS; i++) {
    if (atomic.load<u32>(at) !== calls) return;
  }
  atomic.store<u32>(at, 1, 4);
  while (atomic.load<u32>(at) === calls) atomic.wait<i32>(at, calls, -1);
  atomic.store<u32>(at, 0, 4);
}

/**
 * The piece of `pieces` to do after the thread's first, which is its own number; the
 * phase is over when there are no more.
 */
export function claim(plan: Plan, pieces: u32): u32 {
  const threads = plan.threads;
  if (pieces <= threads) return pieces;
  return threads + atomic.add<u32>(<usize>plan.barrier + 3 * LINE, 1);
}
