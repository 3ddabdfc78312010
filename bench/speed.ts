/**
 * Prefill and decode speed of a model on a device.
 *
 * @module
 */

import type { DeviceModel } from "../src/device/device.ts";
import { GREEDY } from "../src/text/sampling_options.ts";

/** Medians over the runs, tokens a second over all lanes together. */
export interface Speed {
  /** Reading `prefillTokens` in one step. */
  readonly prefill: number;
  /** Drawing `decodeTokens` on each lane. */
  readonly decode: number;
}

/** How much to run. */
export interface SpeedOptions {
  /** Tokens read on each lane. */
  readonly prefillTokens: number;
  /** Tokens drawn on each lane. */
  readonly decodeTokens: number;
  /** Lanes at work. */
  readonly lanes: number;
  /** Runs, of which the median counts; one more goes before as warm-up. */
  readonly runs: number;
}

/** Measures `model`. Tokens are fixed, so runs and machines compare. */
export async function speed(
  model: DeviceModel,
  { prefillTokens, decodeTokens, lanes, runs }: SpeedOptions,
): Promise<Speed> {
  const { V } = model.shape;
  const prompt = Array.from(
    { length: prefillTokens },
    (_, i) => 1 + (i * 7919) % (V - 1),
  );
  const each = <T>(work: (lane: number) => T): T[] =>
    Array.from({ length: lanes }, (_, lane) => work(lane));

  const prefills: number[] = [];
  const decodes: number[] = [];
  for (let run = 0; run <= runs; run++) {
    await Promise.all(each((lane) => model.clear(lane)));

    const started = performance.now();
    await model.step(each((lane) => ({
      lane,
      tokens: prompt,
      draw: 1,
      sampling: GREEDY,
    })));
    const read = performance.now();
    await model.step(each((lane) => ({
      lane,
      tokens: [],
      draw: decodeTokens,
      sampling: GREEDY,
    })));
    const drawn = performance.now();

    if (run === 0) continue;
    prefills.push(lanes * prefillTokens / (read - started) * 1000);
    decodes.push(lanes * decodeTokens / (drawn - read) * 1000);
  }
  return { prefill: median(prefills), decode: median(decodes) };
}

/** The middle of `values`, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[half]
    : (sorted[half - 1] + sorted[half]) / 2;
}
