/**
 * Waiting for what happens, however slow the machine.
 *
 * @module
 */

/** Milliseconds after which what has not happened never will. */
const PATIENCE = 600_000;

/** Waits until something holds, for ten minutes at most. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`Never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
