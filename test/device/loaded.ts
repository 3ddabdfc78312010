/**
 * What the conformance tests share: a model on a device for as long as a test
 * takes, and comparisons that say where in a state the trouble starts.
 *
 * @module
 */

import { AssertionError } from "node:assert";
import type {
  Device,
  DeviceModel,
  LaneResult,
  LaneStep,
  Quantization,
} from "../../src/device/device.ts";
import type { Checkpoint } from "../../src/model/checkpoint.ts";
import { type ModelShape, N, stateLength } from "../../src/model/shape.ts";
import { random } from "../support/random.ts";

/** Opens the device under test. */
export type OpenDevice = () => Promise<Device>;

/** How far a device's values may be from the oracle's, largest absolute gap. */
export interface Tolerance {
  /** Of logits. */
  readonly logits: number;
  /** Of the state's values. */
  readonly state: number;
}

/** Lanes of every model that is loaded here. */
export const LANES = 4;

/** Loads a model, works with it, and gives everything back. */
export async function withModel(
  open: OpenDevice,
  checkpoint: Checkpoint,
  work: (model: DeviceModel) => Promise<void>,
  quantization: Quantization = "none",
): Promise<void> {
  const device = await open();
  try {
    const model = await device.load(checkpoint, { lanes: LANES, quantization });
    try {
      await work(model);
    } finally {
      await model.dispose();
    }
  } finally {
    await device.dispose();
  }
}

/** Does something when it is first asked for, and never again. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => done ??= work();
}

/** What one lane does while the others rest. */
export async function one(
  model: DeviceModel,
  step: LaneStep,
): Promise<LaneResult> {
  const [result] = await model.step([step]);
  return result;
}

/** Reads tokens on a blank lane; the logits after the last. */
export async function readBlank(
  model: DeviceModel,
  lane: number,
  tokens: readonly number[],
): Promise<Float32Array> {
  await model.clear(lane);
  return await logitsOf(model, { lane, tokens, draw: 0, logits: "last" });
}

/** The logits that a step asked for. */
export async function logitsOf(
  model: DeviceModel,
  step: LaneStep,
): Promise<Float32Array> {
  const { logits } = await one(model, step);
  if (logits === undefined) {
    throw new AssertionError({ message: "The step gave no logits" });
  }
  return logits;
}

/** Asserts that logits are the oracle's but for rounding. */
export function assertLogits(
  actual: Float32Array,
  expected: ArrayLike<number>,
  { logits }: Tolerance,
): void {
  const at = firstBeyond(actual, expected, logits);
  if (actual.length === expected.length && at === undefined) return;
  throw new AssertionError({
    message: `Logits differ: ${actual.length} for ${expected.length}` +
      tell(actual, expected, logits, at),
  });
}

/** Asserts that a state is the oracle's but for rounding, or says where it isn't. */
export function assertState(
  shape: ModelShape,
  actual: Float32Array,
  expected: ArrayLike<number>,
  { state }: Tolerance,
): void {
  const at = firstBeyond(actual, expected, state);
  if (actual.length === expected.length && at === undefined) return;
  throw new AssertionError({
    message: `States differ, first in ${placeIn(shape, at ?? 0)}` +
      tell(actual, expected, state, at),
  });
}

/** Asserts that two runs gave the same bits. */
export function assertSameBits(
  actual: Float32Array,
  expected: Float32Array,
  what: string,
): void {
  const [a, b] = [actual, expected].map((values) =>
    new Uint32Array(values.slice().buffer)
  );
  const at = b.findIndex((bits, i) => bits !== a[i]);
  if (a.length === b.length && at < 0) return;
  throw new AssertionError({
    message: `Cannot tell the same of ${what}: [${at}] is ${actual[at]}, ` +
      `then ${expected[at]}; lengths ${a.length} and ${b.length}`,
  });
}

function firstBeyond(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: number,
): number | undefined {
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN is beyond every limit.
    if (!(Math.abs(actual[i] - expected[i]) <= limit)) return i;
  }
}

function tell(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: number,
  at: number | undefined,
): string {
  if (at === undefined) return "";
  let widest = 0;
  for (let i = 0; i < expected.length; i++) {
    widest = Math.max(widest, Math.abs(actual[i] - expected[i]));
  }
  return `; [${at}] is ${actual[at]} for ${expected[at]}; ` +
    `widest gap ${widest.toExponential(2)} > ${limit.toExponential(2)}`;
}

/** The part of a state that holds a value: what was computed before is right. */
function placeIn({ L, D, H }: ModelShape, at: number): string {
  const layer = Math.floor(at / stateLength({ L: 1, D }));
  const inside = at % stateLength({ L: 1, D });
  const part = inside < D
    ? `att_shift[${inside}]`
    : inside >= D + H * N * N
    ? `ffn_shift[${inside - D - H * N * N}]`
    : `wkv[${Math.floor((inside - D) / N / N)}]` +
      `[${Math.floor((inside - D) / N) % N}][${(inside - D) % N}]`;
  return `layer ${layer} of ${L}, ${part}`;
}

/** A text of random tokens, the same for the same seed. */
export function prompt(length: number, V: number, seed = 1): number[] {
  const next = random(seed);
  return Array.from({ length }, () => Math.floor(next() * V));
}
