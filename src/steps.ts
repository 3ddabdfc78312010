/**
 * Long work in steps, so that other requests are answered between them.
 *
 * @module
 */

/** Milliseconds that work may go on before others have their turn. */
const STEP_MS = 10;

/** Lets everything that waits for the event loop go first. */
export function letOthers(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Does work that says where it can be left for a while.
 *
 * @returns What came of it, at once if it took no more than a step.
 */
export function inSteps<T>(work: Generator<void, T>): T | Promise<T> {
  const first = step(work);
  return first.done ? first.value : rest(work);
}

async function rest<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    await letOthers();
    const next = step(work);
    if (next.done) return next.value;
  }
}

/** Goes on until the work is done or the time is up. */
function step<T>(work: Generator<void, T>): IteratorResult<void, T> {
  const from = performance.now();
  for (;;) {
    const next = work.next();
    if (next.done || performance.now() - from >= STEP_MS) return next;
  }
}
