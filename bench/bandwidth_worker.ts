/**
 * One thread that reads memory.
 *
 * @module
 */

/// <reference lib="deno.worker" />

/** What to read. */
export interface Job {
  /** First byte. */
  readonly from: number;
  /** Bytes, a multiple of 64. */
  readonly bytes: number;
  /** How often. */
  readonly times: number;
}

/** When a job began and ended, ms on a clock that all threads share. */
export type Lap = readonly [began: number, ended: number];

addEventListener("message", ({ data }) => begin(data), { once: true });

function begin(
  { module, memory }: {
    module: WebAssembly.Module;
    memory: WebAssembly.Memory;
  },
): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const read = exports.read as (
    from: number,
    bytes: number,
    times: number,
  ) => number;
  addEventListener("message", ({ data }: MessageEvent<Job>) => {
    const { from, bytes, times } = data;
    const clock = () => performance.timeOrigin + performance.now();
    const began = clock();
    read(from, bytes, times);
    postMessage([began, clock()] satisfies Lap);
  });
}
