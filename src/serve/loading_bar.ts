/**
 * How far a load has come, for people who watch.
 *
 * @module
 */

import type { SingleBar } from "cli-progress";

/** Smaller models are there before a bar could be read. */
const LEAST_BAR_BYTES = 64 << 20;

/** Told how much of how much is done. */
export type LoadingProgress = (done: number, total: number) => void;

/** A bar on standard error, one part of the work after another. */
export interface LoadingBar extends Disposable {
  /** Shows a part of the work; nothing where nobody watches. */
  part(title: string): LoadingProgress | undefined;
}

/**
 * A bar, if standard error is a terminal and the model large enough.
 *
 * @param bytes Of the model's files.
 */
export async function loadingBar(bytes: number): Promise<LoadingBar> {
  if (bytes < LEAST_BAR_BYTES || !Deno.stderr.isTerminal()) {
    return { part: () => undefined, [Symbol.dispose]: () => {} };
  }
  // Loaded only here: a small model starts faster than this is read.
  const { default: cliProgress } = await import("cli-progress");
  let bar: InstanceType<typeof SingleBar> | undefined;
  return {
    part: (title) => {
      bar?.stop();
      bar = undefined;
      return (done, total) => {
        if (bar === undefined) {
          bar = new cliProgress.SingleBar({
            format: `${title} [{bar}] {percentage} %`,
            clearOnComplete: true,
            hideCursor: true,
          });
          bar.start(total, done);
        }
        bar.update(done);
        if (done < total) return;
        bar.stop();
        bar = undefined;
      };
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}
