/**
 * A text without end through a whole model: what a token costs early and late,
 * what the state weighs, and whether its values stay finite.
 *
 * @module
 */

import type { DeviceModel } from "../../src/device/device.ts";
import { encodedSize, encodeValues } from "../../src/state/codec.ts";
import type { Chat } from "./chat.ts";
import type { Fact } from "./dialogue.ts";
import { measurePace } from "./pace.ts";

/** Tokens read in one step. */
const STRIDE = 1000;

/** Steps before the clock starts, after which nothing is compiled any more. */
const WARM_UP = 5;

/** A text to read, and what to ask on the way. */
export interface Endless {
  /** The model's name in results. */
  readonly name: string;
  /** The model, with three lanes or more; lane 0 reads. */
  readonly model: DeviceModel;
  /** Tokens to read, a multiple of 1000. */
  readonly total: number;
  /** Makes at least `count` further tokens of the text. */
  readonly text: (count: number) => number[];
  /** Facts told at the beginning of the text, and who asks for them. */
  readonly memory?: { readonly chat: Chat; readonly facts: readonly Fact[] };
  /** Rounds of each mark's comparison with a blank state. */
  readonly rounds: number;
  /** Told each mark, as a line. */
  readonly report: (line: string) => void;
}

/** What was found at a position. */
export interface Mark {
  /** Tokens read. */
  readonly position: number;
  /** Microseconds a token from here, for a thousand tokens. */
  readonly tokenUs: number;
  /**
   * The same thousand from a blank state, measured in turns with those; absent
   * from results that are older than this comparison.
   */
  readonly blankUs?: number;
  /** Bytes of memory that the process held. */
  readonly residentBytes: number;
  /** Bytes of the state as a save's values, int8. */
  readonly saveBytes: number;
  /** Largest magnitude in the state; the state had no NaN and no infinity. */
  readonly largest: number;
  /** Root mean square of the recurrent matrices and shifts. */
  readonly rms: number;
  /** Facts of the beginning still answered word for word. */
  readonly recalled?: number;
}

/** A text read to its end. */
export interface EndlessResult {
  /** Which model. */
  readonly name: string;
  /** Tokens read. */
  readonly total: number;
  /** Microseconds a token, over each thousand: 5th, 50th and 95th percentile. */
  readonly tokenUs: readonly [low: number, median: number, high: number];
  /** Facts told at the beginning. */
  readonly facts: number;
  /** What was found after 1, 2, 5, 10, 20, 50 … thousand tokens, and at the end. */
  readonly marks: readonly Mark[];
}

/** Reads the text. */
export async function readEndless(
  { name, model, total, text, memory, rounds, report }: Endless,
): Promise<EndlessResult> {
  const { shape } = model;
  const facts = memory?.facts ?? [];
  const pending = facts.flatMap(({ told }) => memory?.chat.tokens(told) ?? []);
  for (let step = 0; step < Math.min(WARM_UP, rounds); step++) {
    await model.step([{ lane: 0, tokens: text(STRIDE), draw: 0 }]);
  }
  await model.clear(0);

  const times: number[] = [];
  const marks: Mark[] = [];
  for (let position = STRIDE; position <= total; position += STRIDE) {
    while (pending.length < STRIDE) {
      for (const token of text(STRIDE)) pending.push(token);
    }
    const tokens = pending.splice(0, STRIDE);
    const begin = performance.now();
    await model.step([{ lane: 0, tokens, draw: 0 }]);
    await model.read(0);
    times.push(performance.now() - begin);
    if (!isMark(position) && position !== total) continue;

    const values = await model.read(0);
    const recalled = await memory?.chat.exact(facts.map(({ asked }) => asked));
    const mark: Mark = {
      position,
      ...await measurePace(model, tokens, rounds),
      residentBytes: Deno.memoryUsage().rss,
      saveBytes: encodeValues(values, "int8", shape).bytes.length,
      largest: largest(values),
      rms: Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length),
      ...recalled !== undefined && { recalled },
    };
    if (mark.saveBytes !== encodedSize("int8", shape).bytes) {
      throw new RangeError(
        `Cannot go on after ${position} tokens: the state no longer fits int8`,
      );
    }
    report(describeEndless(mark));
    marks.push(mark);
  }

  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * sorted.length)];
  const tokenUs = [at(0.05), at(0.5), at(0.95)] as const; // ms a thousand = µs each
  return { name, total, tokenUs, facts: facts.length, marks };
}

function describeEndless(
  { position, tokenUs, blankUs, largest, recalled }: Mark,
): string {
  return `${position} tokens: ${tokenUs.toFixed(0)} µs each, ` +
    `${blankUs?.toFixed(0)} from a blank state, largest value ` +
    largest.toPrecision(3) +
    (recalled === undefined ? "" : `, ${recalled} facts recalled`);
}

/** 1, 2 and 5 times a power of ten. */
function isMark(position: number): boolean {
  return /^[125]0*$/.test(String(position));
}

/**
 * The largest magnitude.
 *
 * @throws {RangeError} If a value is not finite.
 */
function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new RangeError(`Cannot go on: the state holds ${value}`);
    }
    most = Math.max(most, Math.abs(value));
  }
  return most;
}
