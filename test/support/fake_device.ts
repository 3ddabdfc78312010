/**
 * A device whose model is a hash: what it writes looks random, depends on every
 * token read and on nothing else, and shows when a token was read on the wrong
 * path, in the wrong place or twice. Protocol errors throw.
 *
 * @module
 */

import type {
  DeviceModel,
  LaneResult,
  LaneStep,
} from "../../src/device/device.ts";
import { DeviceError } from "../../src/errors.ts";
import { stateLength } from "../../src/model/shape.ts";
import { Counts, penalized } from "../../src/text/penalties.ts";
import { LogitsError, sampleToken } from "../../src/text/sampler.ts";
import type { Sampling } from "../../src/text/sampling_options.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import { random } from "./random.ts";

const encoder = new TextEncoder();

/** Tokens of more than a byte; the first has id 257. */
const WORDS = ["ab", "\n\n", "b\n", "abc", "\n\nUser", "é", "cab"];

const VOCABULARY = [
  new Uint8Array(),
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ...WORDS.map((word) => encoder.encode(word)),
];

/** Single bytes, a few words, longest match. */
export const fakeTokenizer: Tokenizer = {
  size: VOCABULARY.length,
  end: 0,
  digest: new Uint8Array(32),
  encode(text) {
    const bytes = encoder.encode(text);
    const tokens: number[] = [];
    for (let at = 0; at < bytes.length;) {
      let longest = bytes[at] + 1;
      for (let id = 257; id < VOCABULARY.length; id++) {
        const token = VOCABULARY[id];
        const fits = token.every((byte, i) => byte === bytes[at + i]);
        if (fits && token.length > VOCABULARY[longest].length) longest = id;
      }
      at += VOCABULARY[longest].length;
      tokens.push(longest);
    }
    return tokens;
  },
  bytes: (token) => VOCABULARY[token] ?? new Uint8Array(),
};

/** Text to the token that is exactly it. */
export function token(text: string | number): number {
  if (typeof text === "number") return text + 1;
  const [id, ...rest] = fakeTokenizer.encode(text);
  if (rest.length > 0) throw new RangeError(`Cannot name ${text}: no token`);
  return id;
}

/** The model's sizes. */
export const FAKE_SHAPE = {
  L: 1,
  D: 64,
  H: 1,
  F: 256,
  V: VOCABULARY.length,
  ranks: { w: 8, a: 8, v: 0, g: 8 },
};

/** What the fake is told to do. */
export interface FakeModelOptions {
  readonly lanes: number;
  /** Tokens to draw from, after a token. */
  readonly follow?: (last: number) => readonly number[];
  /** Whether cutting a text leaves no trace in a state. */
  readonly seamless?: boolean;
  /** Whether it counts what it draws, for draws that follow at once. */
  readonly countsAhead?: boolean;
  /** Whether masks may come while it reads, and whether every third is too late. */
  readonly lateMasks?: boolean;
  /** Whether it takes feeds, which it does not look into. */
  readonly maskFeeds?: boolean;
  /** Milliseconds a step takes. */
  readonly stepMs?: number;
}

/** What the values of a state mean: all integers below 2¹⁶, exact in f32. */
const LOW = 0, HIGH = 1, PATH = 2, LAST = 3, COUNT = 4;

/** What is not finite here makes every logit NaN. */
export const FINITE = 5;

/** What a lane has besides its state. */
interface LaneState {
  values: Float32Array<ArrayBuffer>;
  /** The last token drawn, while it is unread. */
  unread: number | undefined;
  stopped: boolean;
  /** Counts after what it drew last. */
  counts?: Counts;
  /** Whether all is read, and the next part draws at once. */
  kept?: boolean;
}

/** A model on the fake device. */
export class FakeModel implements DeviceModel {
  readonly shape = FAKE_SHAPE;
  readonly lanes: number;
  readonly weightBytes = 0;
  readonly seamless: boolean;
  readonly countsAhead: boolean;
  readonly lateMasks: boolean;
  readonly maskFeeds: boolean;
  readonly lost: Promise<Error>;
  /** Every step, as it was asked for. */
  readonly steps: (readonly LaneStep[])[] = [];
  /** Calls of `copy` and `write`. */
  readonly copies: string[] = [];
  disposed = false;
  readonly #options: FakeModelOptions;
  readonly #lanes: LaneState[];
  #masks = 0;
  #lose: (error: Error) => void = () => {};
  #gone: Error | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: FakeModelOptions) {
    this.#options = options;
    this.lanes = options.lanes;
    this.seamless = options.seamless ?? false;
    this.countsAhead = options.countsAhead ?? false;
    this.lateMasks = options.lateMasks ?? false;
    this.maskFeeds = options.maskFeeds ?? false;
    this.#lanes = Array.from({ length: options.lanes }, () => ({
      values: new Float32Array(stateLength(FAKE_SHAPE)),
      unread: undefined,
      stopped: false,
    }));
    this.lost = new Promise((resolve) => this.#lose = resolve);
  }

  /** The device goes away. */
  lose(): void {
    this.#gone = new DeviceError("ERR_DEVICE_LOST", "Unplugged");
    this.#lose(this.#gone);
  }

  /** Values on a lane right now, for tests that look whether it was zeroed. */
  peek(lane: number): Float32Array {
    return this.#lanes[lane].values;
  }

  clear(lane: number): Promise<void> {
    return this.#then(() => this.#set(lane, new Float32Array(4224)));
  }

  write(lane: number, values: Float32Array): Promise<void> {
    this.copies.push(`write ${lane}`);
    const copy = Float32Array.from(values);
    return this.#then(() => this.#set(lane, copy));
  }

  read(lane: number): Promise<Float32Array<ArrayBuffer>> {
    return this.#then(() => this.#lanes[lane].values.slice());
  }

  copy(from: number, to: number): Promise<void> {
    this.copies.push(`copy ${from} ${to}`);
    return this.#then(() => this.#set(to, this.#lanes[from].values.slice()));
  }

  step(batch: readonly LaneStep[]): Promise<LaneResult[]> {
    this.steps.push(batch);
    const lanes = new Set(batch.map(({ lane }) => lane));
    if (lanes.size < batch.length) throw new RangeError("A lane came twice");
    const reading = this.#then(() =>
      batch.map(({ mask, ...entry }) => {
        if (mask === undefined) return this.#go(entry);
        const result = this.#go({ ...entry, draw: 0 });
        this.#lanes[entry.lane].kept = true;
        return result;
      })
    );
    return reading.then((results) =>
      Promise.all(batch.map(async ({ mask: late, ...entry }, i) => {
        if (late === undefined) return results[i];
        const tooLate = this.#masks++ % 3 === 2;
        const mask = tooLate ? undefined : await inTime(late);
        const { sampling } = entry;
        if (mask === undefined || sampling === undefined) {
          return { ...results[i], undrawn: true };
        }
        const part = { ...entry, tokens: [], sampling: { ...sampling, mask } };
        return await this.#then(() => this.#go(part));
      }))
    );
  }

  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }

  #set(lane: number, values: Float32Array<ArrayBuffer>): void {
    this.#lanes[lane] = { values, unread: undefined, stopped: false };
  }

  /** Calls are carried out in the order in which they were made. */
  #then<T>(work: () => T): Promise<T> {
    if (this.disposed) {
      return Promise.reject(new DeviceError("ERR_DEVICE_LOST", "Disposed of"));
    }
    const done = this.#queue.then(async () => {
      const { stepMs } = this.#options;
      if (stepMs !== undefined) await new Promise((r) => setTimeout(r, stepMs));
      if (this.#gone !== undefined) throw this.#gone;
      return work();
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  #go(
    { lane, tokens, draw, sampling, stopTokens, replay, logits }: LaneStep,
  ) {
    const state = this.#lanes[lane];
    if (tokens.length === 0 && state.stopped) {
      return { drawn: [], stopped: false };
    }
    const { kept = false } = state;
    state.kept = false;
    if (tokens.length === 0 && !kept && state.unread === undefined) {
      throw new RangeError("Nothing to go on from");
    }
    if (kept && tokens.length > 0) throw new RangeError("It is to draw first");
    const rows: number[][] = [];
    const reading = kept
      ? []
      : tokens.length === 0
      ? [state.unread ?? 0]
      : tokens;
    const alone = this.seamless || replay === true || tokens.length === 0;
    // A chunk leaves other low bits than the same tokens one by one.
    if (!alone) mix(state.values, PATH, 7919 + reading.length);
    for (const id of reading) {
      read(state.values, id, alone);
      if (logits === "all") rows.push([...this.#logits(state.values)]);
    }
    state.unread = undefined;
    state.stopped = false;
    if (logits === "last") rows.push([...this.#logits(state.values)]);
    const drawn: number[] = [];
    const own = this.countsAhead && tokens.length === 0 && state.counts;
    const counts = new Counts(own || sampling?.counts);
    state.counts = counts;
    while (drawn.length < draw) {
      if (sampling === undefined) throw new TypeError("How to draw?");
      if (drawn.length > 0) read(state.values, drawn[drawn.length - 1], true);
      if (logits === "drawn") rows.push([...this.#logits(state.values)]);
      let id;
      try {
        id = this.#draw(state.values, sampling, drawn.length, counts);
      } catch (error) {
        if (!(error instanceof LogitsError)) throw error;
        state.stopped = true;
        return { drawn, stopped: false, failure: error.message };
      }
      drawn.push(id);
      state.unread = id;
      if (stopTokens?.has(id)) {
        state.stopped = true;
        break;
      }
    }
    const result = { drawn, stopped: state.stopped };
    if (rows.length === 0) return result;
    return { ...result, logits: Float32Array.from(rows.flat()) };
  }

  #draw(
    values: Float32Array,
    sampling: Sampling,
    done: number,
    counts: Counts,
  ): number {
    const position = sampling.position + done;
    if (position % 0x10000 !== values[COUNT]) {
      throw new RangeError(
        `Position ${position} after ${values[COUNT]} tokens`,
      );
    }
    const id = sampleToken(this.#logits(values), {
      ...sampling,
      position,
      counts,
    });
    if (penalized(sampling)) counts.draw(id, sampling.penaltyDecay);
    return id;
  }

  #logits(values: Float32Array): Float32Array {
    if (!Number.isFinite(values[FINITE])) {
      return new Float32Array(FAKE_SHAPE.V).fill(NaN);
    }
    const next = random(values[LOW] + 0x10000 * values[HIGH]);
    const logits = Float32Array.from(
      { length: FAKE_SHAPE.V },
      () => 2 * next(),
    );
    for (const id of this.#options.follow?.(values[LAST]) ?? []) {
      logits[id] += 40;
    }
    return logits;
  }
}

/** A mask, or nothing if it is not there soon, as on a real device. */
async function inTime(
  late: Promise<Uint32Array | undefined>,
): Promise<Uint32Array | undefined> {
  let clock: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<undefined>((resolve) => {
    clock = setTimeout(() => resolve(undefined), 20);
  });
  try {
    return await Promise.race([late, ended]);
  } finally {
    clearTimeout(clock);
  }
}

/** Reads one token. */
function read(values: Float32Array, id: number, alone: boolean): void {
  mix(values, LOW, id);
  mix(values, HIGH, id * 31 + values[LOW]);
  if (alone) mix(values, PATH, id);
  values[LAST] = id;
  values[COUNT] = (values[COUNT] + 1) % 0x10000;
}

function mix(values: Float32Array, at: number, what: number): void {
  let x = Math.imul(values[at] + 0x9e37 * (what + 1), 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  values[at] = (x ^ (x >>> 16)) & 0xffff;
}
