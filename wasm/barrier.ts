/**
 * All threads wait for the last one, and share what comes next.
 *
 * Idea: a counter of arrivals and a generation that the last arrival advances.
 * Phases last microseconds, so a thread spins first and asks the system to be
 * woken only when that takes long; the last arrival makes the system call only
 * if somebody sleeps.
 *
 * Between two barriers a phase is cut into pieces. Each thread starts on the one of
 * its own number and claims further ones, so that a core that is slow, or lent to
 * somebody else, takes fewer.
 *
 * Layout: four u32, each in its own cache line: arrivals, generation, sleepers, and
 * pieces claimed, which the last arrival sets to 0.
 * Source: the sense-reversing barrier of Mellor-Crummey and Scott (1991).
 * Oracle: test/device/wasm/model_test.ts, for several numbers of threads.
 */

import { Plan } from "./plan";

const LINE: usize = 64;

/** Loads of the generation before sleeping: about 20 µs. */
const SPINS: u32 = 20_000;

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
  for (let i: u32 = 0; i < SPINS; i++) {
    if (atomic.load<u32>(at + LINE) !== generation) return;
  }
  atomic.add<u32>(at + 2 * LINE, 1);
  while (atomic.load<u32>(at + LINE) === generation) {
    atomic.wait<i32>(at + LINE, generation, -1);
  }
  atomic.sub<u32>(at + 2 * LINE, 1);
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
