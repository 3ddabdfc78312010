/**
 * Associative recall: write pairs of a random key and a random value into one
 * head, then ask for each value by its key. Recall is exact if, of all values
 * written, the output points closest to the right one.
 *
 * @module
 */

import type { Gpu } from "../../src/device/webgpu/gpu.ts";
import { N } from "../../src/model/shape.ts";
import { random } from "../../test/support/random.ts";
import { read } from "./clock.ts";
import { type Method, type MethodId, methodOf } from "./methods.ts";
import { type Stream, unitVectors } from "./stream.ts";

/** What is written before the questions. */
export type Task =
  /** `n` pairs. */
  | "once"
  /** `n` keys with a first value each, then a new one each; the new is asked for. */
  | "twice"
  /** `EARLIER` other pairs, gates closed for `GAP` tokens, then `n` pairs. */
  | "later";

/** Pairs of the subject before, in the task `later`. */
export const EARLIER = 512;

/** Tokens with closed gates between the subjects: RWKV-7 keeps 0.5453 in each. */
export const GAP = 8;

/** Pairs whose keys and values fit the N × N numbers of a matrix. */
export const WINDOW = N * N / (2 * N);

/** Every contestant: the methods, and softmax held to a matrix's memory. */
export type Contestant = Exclude<MethodId, "linear_pairs"> | "window";

/** Who writes, and how strongly: the delta rule replaces all of an answer at 1. */
export const CONTESTANTS: readonly {
  readonly method: Contestant;
  readonly strength: number;
}[] = [
  { method: "softmax", strength: 1 },
  { method: "window", strength: 1 },
  { method: "linear", strength: 1 },
  ...(["delta", "gated_delta", "wkv"] as const).flatMap((method) =>
    [1, 0.25].map((strength) => ({ method, strength }))
  ),
];

/** Exact recall of one contestant. */
export interface Recall {
  /** Which. */
  readonly method: Contestant;
  /** How strongly it wrote, in (0, 1]. */
  readonly strength: number;
  /** What was written. */
  readonly task: Task;
  /** Pairs asked for. */
  readonly pairs: number;
  /** Share of exact answers, in [0, 1]. */
  readonly exact: number;
}

/** How much to try. */
export interface RecallOptions {
  /** What to write. */
  readonly tasks: readonly Task[];
  /** Numbers of pairs. */
  readonly pairs: readonly number[];
  /** Independent trials of each, one a head. */
  readonly trials: number;
}

/** Tries every contestant. */
export async function measureRecall(
  gpu: Gpu,
  { tasks, pairs, trials }: RecallOptions,
): Promise<Recall[]> {
  const results: Recall[] = [];
  for (const task of tasks) {
    for (const n of pairs) {
      const trial = writeTrial(task, n, trials);
      for (const { method, strength } of CONTESTANTS) {
        const windowed = method === "window";
        const exact = await askQuestion(
          gpu,
          methodOf(windowed ? "softmax" : method),
          windowed ? lastPairs(trial, WINDOW) : atStrength(trial, strength),
        );
        results.push({ method, strength, task, pairs: n, exact });
      }
    }
  }
  return results;
}

/** A stream that writes, then asks. */
interface Trial {
  readonly stream: Stream;
  /** Tokens before the first question. */
  readonly written: number;
  /** Tokens that hold the right answers, in the order of the questions. */
  readonly answers: readonly number[];
}

/** Long enough that softmax finds one key among thousands: a score of 32. */
const SHARPNESS = 32 * Math.sqrt(N);

function writeTrial(task: Task, pairs: number, H: number): Trial {
  const before = { once: 0, twice: pairs, later: EARLIER + GAP }[task];
  const written = before + pairs;
  const T = written + pairs;
  const next = random(pairs);
  const k = unitVectors(T * H, next);
  const v = unitVectors(T * H, next);
  const q = new Float32Array(T * H * N);
  const b = new Float32Array(T * H).fill(1);
  const g = new Float32Array(T * H).fill(1);
  const width = H * N;
  const blank = (from: number, to: number) => {
    k.fill(0, from * width, to * width);
    v.fill(0, from * width, to * width);
    b.fill(0, from * H, to * H);
  };

  if (task === "twice") k.copyWithin(before * width, 0, pairs * width);
  if (task === "later") {
    blank(EARLIER, before);
    g.fill(0, EARLIER * H, before * H);
  }
  q.set(k.subarray(before * width, written * width), written * width);
  blank(written, T); // a question writes nothing
  const answers = Array.from({ length: pairs }, (_, i) => before + i);
  return { stream: { T, H, q, k, v, b, g }, written, answers };
}

/** The same questions after the last `count` writes alone. */
function lastPairs({ stream, written, answers }: Trial, count: number): Trial {
  const from = Math.max(0, written - count) * stream.H;
  const k = stream.k.slice();
  const v = stream.v.slice();
  // Zero keys score 0 where a match scores 32: they are out of sight.
  k.fill(0, 0, from * N);
  v.fill(0, 0, from * N);
  return { stream: { ...stream, k, v }, written, answers };
}

function atStrength(trial: Trial, strength: number): Trial {
  const { stream } = trial;
  const b = stream.b.map((own) => own * strength);
  return { ...trial, stream: { ...stream, b } };
}

async function askQuestion(
  gpu: Gpu,
  method: Method,
  { stream, written, answers }: Trial,
): Promise<number> {
  const { T, H, v } = stream;
  const sharp = method.id === "softmax";
  const q = sharp ? stream.q.map((x) => SHARPNESS * x) : stream.q;
  const bound = method.bind(gpu, { ...stream, q }, T);
  const y = await read(gpu, bound.prefill(0, T), bound.y, T * H * N);
  bound.dispose();

  let exact = 0;
  for (let h = 0; h < H; h++) {
    const values = directions(v, { h, H, from: 0, to: written });
    const outs = directions(y, { h, H, from: written, to: T });
    answers.forEach((answer, i) => {
      if (closest(values, outs.subarray(i * N, i * N + N)) === answer) exact++;
    });
  }
  return exact / (answers.length * H);
}

/** One head's vectors with their means taken away, at unit length. */
function directions(
  x: Float32Array,
  { h, H, from, to }: { h: number; H: number; from: number; to: number },
): Float32Array {
  const out = new Float32Array((to - from) * N);
  for (let t = from; t < to; t++) {
    const own = x.subarray((t * H + h) * N, (t * H + h + 1) * N);
    const mean = own.reduce((sum, e) => sum + e, 0) / N;
    const size = Math.hypot(...own.map((e) => e - mean)) || 1;
    out.set(own.map((e) => (e - mean) / size), (t - from) * N);
  }
  return out;
}

/** The index of the row of `values` that points closest to `out`. */
function closest(values: Float32Array, out: Float32Array): number {
  let best = -1;
  let nearest = 0;
  for (let at = 0; at < values.length; at += N) {
    let match = 0;
    for (let i = 0; i < N; i++) match += values[at + i] * out[i];
    if (match > nearest) [best, nearest] = [at / N, match];
  }
  return best;
}
