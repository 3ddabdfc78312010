/**
 * Long work in steps, so that other requests are answered between them.
 *
 * @module
 */

/** Milliseconds that work may go on before others have their turn. */
export const STEP_MS = 10;

/** Work that says where it can be left for a while, or what it waits for. */
export type Steps<T> = Generator<Promise<void> | void, T>;

/** Whether work is done on the spot, or with room for others where it is long. */
export type Pace = "atOnce" | "inSteps";

/** Lets everything that waits for the event loop go first. */
export function letOthers(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Does work that says where it can be left for a while.
 *
 * @returns What came of it, at once if it took no more than a step.
 */
export function inSteps<T>(work: Steps<T>): T | Promise<T> {
  const from = performance.now();
  const first = step(work, from);
  return first.done ? first.value : rest(work, first, from);
}

/** Does work of the pace `atOnce`, which waits for nothing. */
export function atOnce<T>(work: Steps<T>): T {
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
  }
}

async function rest<T>(
  work: Steps<T>,
  first: Step<T>,
  began: number,
): Promise<T> {
  let next = first, from = began;
  while (!next.done) {
    let failure;
    try {
      await next.value;
    } catch (error) {
      failure = { error };
    }
    if (isOver(from)) {
      await letOthers();
      from = performance.now();
    }
    next = failure === undefined ? step(work, from) : work.throw(failure.error);
  }
  return next.value;
}

type Step<T> = IteratorResult<Promise<void> | void, T>;

/** Goes on until the work is done, waits for something, or the time is up. */
function step<T>(work: Steps<T>, from: number): Step<T> {
  for (;;) {
    const next = work.next();
    if (next.done || next.value !== undefined || isOver(from)) return next;
  }
}

function isOver(from: number): boolean {
  return performance.now() - from >= STEP_MS;
}
