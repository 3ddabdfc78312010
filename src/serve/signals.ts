/**
 * What tells a program to end: signals, and the end of the process that started it.
 *
 * @module
 */

/** Milliseconds within which two signals are one. */
const ONE_SIGNAL_MS = 250;

/**
 * Calls `end` at SIGINT and SIGTERM, once for one keystroke: a terminal sends Ctrl-C
 * to every process, and `deno task` hands its own on as well.
 */
export function onEnd(end: () => void): void {
  let before = -Infinity;
  const hear = () => {
    const now = performance.now();
    if (now - before < ONE_SIGNAL_MS) return;
    before = now;
    end();
  };
  Deno.addSignalListener("SIGINT", hear);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", hear);
}

/**
 * Calls `end` when standard input has ended: with the process at its other end, where
 * that keeps it open and says nothing.
 */
export async function onInputEnd(end: () => void): Promise<void> {
  const bytes = new Uint8Array(64);
  try {
    while (await Deno.stdin.read(bytes) !== null);
  } catch {
    // Some systems call the end of a pipe an error.
  }
  end();
}
