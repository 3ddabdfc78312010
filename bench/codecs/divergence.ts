/**
 * How far a codec moves the next-token distribution: the Kullback–Leibler
 * divergence of a run that was saved and loaded from one that was not.
 *
 * Every run reads the same tokens in the same steps, and its last cycle is at the
 * same place, so that nothing but the codec and the number of cycles differs.
 *
 * @module
 */

import type { DeviceModel, LaneStep } from "../../src/device/device.ts";
import { CODEC_NAMES } from "../../src/state/codec.ts";
import type { CodecName } from "../../src/state/save.ts";
import { cycle } from "./cycles.ts";

/** The divergence after some cycles. */
export interface Divergence {
  /** The codec. */
  readonly codec: CodecName;
  /** Save–load cycles. */
  readonly cycles: number;
  /** Mean over texts and tokens, nats. */
  readonly mean: number;
  /** The worst token, nats. */
  readonly worst: number;
}

/** What to read. */
export interface DivergenceOptions {
  /** Tokens of texts, each {@linkcode divergenceTokens} long or longer. */
  readonly texts: readonly (readonly number[])[];
  /** Numbers of cycles, ascending. */
  readonly cycles: readonly number[];
}

/** Tokens before the first cycle, between two, and after the last. */
const BEFORE = 200, BETWEEN = 20, AFTER = 100;

/** Tokens that a text must have. */
export function divergenceTokens(cycles: readonly number[]): number {
  return BEFORE + BETWEEN * Math.max(...cycles) + AFTER;
}

/** Lanes that {@linkcode measureDivergence} takes. */
export function divergenceLanes(options: DivergenceOptions): number {
  const { texts, cycles } = options;
  return texts.length * (1 + CODEC_NAMES.length * cycles.length);
}

/** A run: a text, a codec, and how often to save and load by it. */
interface Run {
  readonly text: number;
  readonly codec: CodecName;
  readonly cycles: number;
  readonly lane: number;
}

/** Measures every codec; the first `texts` lanes are never saved. */
export async function measureDivergence(
  model: DeviceModel,
  { texts, cycles }: DivergenceOptions,
): Promise<Divergence[]> {
  const most = Math.max(...cycles);
  const runs: Run[] = texts.flatMap((_, text) =>
    CODEC_NAMES.flatMap((codec) =>
      cycles.map((cycles) => ({ text, codec, cycles }))
    )
  ).map((run, i) => ({ ...run, lane: texts.length + i }));
  const plain = texts.map((_, text) => ({ text, lane: text }));

  await step(plain, texts, 0, BEFORE, model);
  for (let turn = 0; turn < most; turn++) {
    // A run that has not been saved yet is the plain one: copied when it begins.
    for (const { cycles, lane, text } of runs) {
      if (most - turn === cycles) await model.copy(text, lane);
    }
    const saved = runs.filter(({ cycles }) => most - turn <= cycles);
    for (const { lane, codec } of saved) await cycle(model, lane, codec);
    const from = BEFORE + turn * BETWEEN;
    if (turn < most - 1) {
      await step([...plain, ...saved], texts, from, from + BETWEEN, model);
    }
  }
  const from = BEFORE + (most - 1) * BETWEEN;
  const expected = await logits(plain, texts, from, model);
  const found = await logits(runs, texts, from, model);
  return CODEC_NAMES.flatMap((codec) =>
    cycles.map((count) => {
      const divergences = runs.flatMap((run, i) =>
        run.codec === codec && run.cycles === count
          ? divergence(expected[run.text], found[i], model.shape.V)
          : []
      );
      const sum = divergences.reduce((sum, kl) => sum + kl, 0);
      return {
        codec,
        cycles: count,
        mean: sum / divergences.length,
        worst: Math.max(...divergences),
      };
    })
  );
}

type Lane = Pick<Run, "lane" | "text">;

async function step(
  lanes: readonly Lane[],
  texts: DivergenceOptions["texts"],
  from: number,
  to: number,
  model: DeviceModel,
): Promise<void> {
  await model.step(lanes.map(({ lane, text }): LaneStep => ({
    lane,
    tokens: texts[text].slice(from, to),
    draw: 0,
  })));
}

/** Logits after each of the last tokens, `[AFTER, V]` a lane. */
async function logits(
  lanes: readonly Lane[],
  texts: DivergenceOptions["texts"],
  from: number,
  model: DeviceModel,
): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  for (const { lane, text } of lanes) {
    const tokens = texts[text].slice(from, from + AFTER);
    const [{ logits = new Float32Array() }] = await model.step([
      { lane, tokens, draw: 0, logits: "all" },
    ]);
    results.push(logits);
  }
  return results;
}

/** `KL(expected ‖ found)` of each row of `V` logits. */
function divergence(
  expected: Float32Array,
  found: Float32Array,
  V: number,
): number[] {
  return Array.from({ length: expected.length / V }, (_, row) => {
    const p = logSoftmax(expected.subarray(row * V, (row + 1) * V));
    const q = logSoftmax(found.subarray(row * V, (row + 1) * V));
    return p.reduce((sum, log, i) => sum + Math.exp(log) * (log - q[i]), 0);
  });
}

function logSoftmax(logits: Float32Array): Float64Array {
  const most = logits.reduce((most, x) => Math.max(most, x), -Infinity);
  const sum = logits.reduce((sum, x) => sum + Math.exp(x - most), 0);
  return Float64Array.from(logits, (x) => x - most - Math.log(sum));
}
