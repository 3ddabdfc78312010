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

/** Does work that says where it can be left for a while. */
export async function inSteps<T>(work: Generator<void, T>): Promise<T> {
  for (let from = performance.now();;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - from < STEP_MS) continue;
    await letOthers();
    from = performance.now();
  }
}
