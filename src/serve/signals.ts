/**
 * The signals that end a program.
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
