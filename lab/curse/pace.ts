/**
 * What a token costs after a long text, beside what it costs after none.
 *
 * @module
 */

import type { DeviceModel } from "../../src/device/device.ts";

/** Lanes that the measurement writes on. */
const LATE = 1, BLANK = 2;

/** Microseconds a token, medians of rounds in turns. */
export interface Pace {
  /** After the text. */
  readonly tokenUs: number;
  /** From a blank state. */
  readonly blankUs: number;
}

/**
 * Reads `tokens` after the text in lane 0 and from a blank state, in turns: other
 * work on the machine slows both alike. Lane 0 stays as it is, lanes 1 and 2 do
 * not.
 *
 * @param rounds Of which the median counts.
 */
export async function measurePace(
  model: DeviceModel,
  tokens: readonly number[],
  rounds: number,
): Promise<Pace> {
  const late: number[] = [], blank: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await model.copy(0, LATE);
    await model.clear(BLANK);
    late.push(await time(LATE));
    blank.push(await time(BLANK));
  }
  return { tokenUs: median(late), blankUs: median(blank) };

  async function time(lane: number): Promise<number> {
    const begin = performance.now();
    await model.step([{ lane, tokens, draw: 0 }]);
    await model.read(lane); // a step of prefill may be answered before it is done
    return 1000 * (performance.now() - begin) / tokens.length;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
