/**
 * How far a download has come, for people who watch.
 *
 * @module
 */

import type { SingleBar } from "cli-progress";
import { note } from "../terminal.ts";
import { formatBytes } from "../text/format_units.ts";

/** Milliseconds between lines where there is no terminal to draw on. */
const BETWEEN_LINES = 30_000;

/** A bar of one download. */
export interface DownloadBar extends Disposable {
  /** Told how many bytes are there, and of how many if that is known. */
  readonly update: (done: number, total: number | undefined) => void;
}

/** A bar on standard error; where that is no terminal, a line now and then. */
export async function downloadBar(name: string): Promise<DownloadBar> {
  return Deno.stderr.isTerminal()
    ? await drawnDownloadBar(name)
    : plainDownloadBar(name);
}

async function drawnDownloadBar(name: string): Promise<DownloadBar> {
  const { default: cliProgress } = await import("cli-progress");
  let bar: InstanceType<typeof SingleBar> | undefined;
  const begun = performance.now();
  let first: number | undefined;
  return {
    update(done, total): void {
      if (bar === undefined) {
        bar = new cliProgress.SingleBar({
          format: total === undefined
            ? `${name} {done}, {rate}/s`
            : `${name} [{bar}] {percentage} %, {done} of {all}, {rate}/s`,
          clearOnComplete: true,
        });
        bar.start(total ?? done, done, progressFigures(0, 0, total));
      }
      first ??= done;
      const seconds = Math.max(0.001, (performance.now() - begun) / 1000);
      bar.update(done, progressFigures(done, (done - first) / seconds, total));
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}

function progressFigures(
  done: number,
  rate: number,
  total: number | undefined,
) {
  return {
    done: formatBytes(done),
    rate: formatBytes(rate),
    all: formatBytes(total ?? done),
  };
}

function plainDownloadBar(name: string): DownloadBar {
  let last = performance.now();
  return {
    update(done, total): void {
      const now = performance.now();
      if (now - last < BETWEEN_LINES) return;
      last = now;
      const of = total === undefined ? "" : ` of ${formatBytes(total)}`;
      note(`${name}: ${formatBytes(done)}${of}`);
    },
    [Symbol.dispose]: () => {},
  };
}
