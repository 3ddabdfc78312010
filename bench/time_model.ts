/**
 * How long a pass takes on a GPU, from four numbers of the GPU and what each
 * dispatch moves, computes and waits for.
 *
 *     dispatch = launch + max(memory, cache, arithmetic, waiting)
 *     pass     = submit / passes of a submit + Σ dispatch
 *
 * - *memory*: bytes / bandwidth, slower where too few invocations ask at once
 *   (Little's law: bandwidth × latency bytes must be on their way).
 * - *cache*: bytes that workgroups load again, at {@linkcode CACHE} × bandwidth.
 * - *arithmetic*: operations / flops, slower where there are fewer invocations
 *   than the GPU has lanes.
 * - *waiting*: loads and barriers of one invocation that follow each other, at
 *   {@linkcode LATENCY} each.
 *
 * Hardware has not confirmed it. What it is for is to choose between two ways of
 * doing a thing, and to be refuted by the first run on hardware.
 *
 * @module
 */

import type { RecordedDispatch } from "./recorded_plan.ts";

/** What tells one GPU from another. */
export interface GpuNumbers {
  /** Bytes a second from its memory. */
  readonly bandwidth: number;
  /** Float32 operations a second; a fused multiply-add is two. */
  readonly flops: number;
  /** Seconds from the end of one dispatch to the work of the next. */
  readonly launch: number;
  /** Seconds that a submit costs besides. */
  readonly submit: number;
}

/** Seconds from a load to its value, in every GPU about the same. */
export const LATENCY = 0.6e-6;

/** How much faster than memory the second-level cache is. */
export const CACHE = 4;

/** Operations a second of one lane: a fused multiply-add at 1.5 GHz. */
const LANE = 3e9;

/** A barrier, in loads' time. */
const BARRIER = 0.08;

/** What a dispatch does. */
export interface Work {
  /** Bytes that come from memory or go there. */
  readonly bytes: number;
  /** Bytes that workgroups load again. */
  readonly cached: number;
  /** Operations. */
  readonly operations: number;
  /** Invocations. */
  readonly invocations: number;
  /** Bytes that an invocation has on their way at once. */
  readonly ahead: number;
  /** Loads and barriers that wait for each other. */
  readonly waits: number;
}

/** Rows of a pass, which no constant tells. */
export interface PassRows {
  readonly rows: number;
  readonly segments: number;
}

/** Seconds of one dispatch. */
export function dispatchTime(work: Work, gpu: GpuNumbers): number {
  const { bytes, cached, operations, invocations, ahead, waits } = work;
  const busy = Math.min(
    1,
    invocations * ahead / (gpu.bandwidth * LATENCY),
  );
  const lanes = Math.min(1, invocations / (gpu.flops / LANE));
  return gpu.launch + Math.max(
    bytes / (gpu.bandwidth * busy),
    cached / (CACHE * gpu.bandwidth),
    operations / (gpu.flops * lanes),
    waits * LATENCY,
  );
}

/** Seconds of a pass, where a submit has `passes` of them. */
export function passTime(
  works: readonly Work[],
  gpu: GpuNumbers,
  passes: number,
): number {
  return works.reduce(
    (sum, work) => sum + dispatchTime(work, gpu),
    gpu.submit / passes,
  );
}

/** Operations to unpack a weight, by format. */
const UNPACKING = [0, 1, 1, 3, 3];

/** How a token is drawn. */
export type DrawKind = keyof typeof DRAWS;

/** Loads and barriers that follow each other in `draw`, by what is asked of it. */
const DRAWS = {
  /** The groups' peaks, a tree of eight steps, the cursor. */
  greedy: () => ({ waits: 3 + 14 * BARRIER }),
  /** Besides, the sums of the groups, and one group listed and chosen from. */
  temperature: (V: number) => ({
    waits: 3 + V / 65_536 + 5 + 60 * BARRIER,
  }),
  /** Besides, 500 candidates listed from 64 groups, and eight digits of theirs. */
  "top-p": (V: number) => ({
    waits: 3 + V / 65_536 + 8 * 1.5 + 2 * 9 + 150 * BARRIER,
  }),
};

/** What a recorded dispatch does. */
export function workOf(
  dispatch: RecordedDispatch,
  { rows, segments }: PassRows,
  draw: DrawKind = "greedy",
): Work {
  const { kernel, constants: c, bytes, workgroups } = dispatch;
  const row = 4 * c.D * rows;
  const work = (
    threads: number,
    rest: Pick<Work, "bytes" | "waits"> & Partial<Work>,
  ): Work => ({
    cached: 0,
    operations: 0,
    invocations: workgroups * threads,
    ahead: 64,
    ...rest,
  });
  switch (kernel) {
    case "embed":
      return work(c.THREADS, { bytes: 1.5 * row, waits: 10 });
    case "normalize":
      return work(c.THREADS, { bytes: 2 * row, waits: 8 });
    case "mix":
      return work(c.THREADS, {
        bytes: (2 + c.P) * row + 8 * c.D * segments + 4 * c.D * (2 + c.P),
        waits: 10,
      });
    case "prepare": {
      // Four rows a workgroup, and four invocations a channel.
      const ranks = ranksOf(c);
      return work(64, {
        bytes: bytes[1] + bytes[2] + rows * 4 * (3 * c.D + ranks) + 8 * row,
        cached: Math.ceil(rows / 4) * bytes[1],
        operations: 2 * rows * ranks * c.D,
        waits: 4 + ranks / 4 / 8 + 4 * 4,
      });
    }
    case "advance": {
      const ranks = ranksOf(c);
      return work(128, {
        bytes: bytes[2] + bytes[3] + 8 * c.D * 64 * rows +
          rows * 4 * (5 * c.D + ranks),
        cached: rows * bytes[2],
        operations: rows * c.D * (2 * ranks + 10 * 64),
        // The lane, its memory with the LoRAs, vectors, and twelve barriers.
        waits: 4 + ranks / 8 / 8 + 12 * BARRIER,
        ahead: 256,
      });
    }
    case "wkv":
      return work(64, {
        bytes: 8 * c.D * 64 * segments + 9 * row,
        // Each invocation norms the whole head.
        operations: 15 * 64 * c.D * rows,
        // Four tokens at once: what they read, three barriers, what they are gated with.
        waits: 3 + Math.ceil(rows / segments / 4) * (2 + 3 * BARRIER),
        ahead: 256,
      });
    case "product": {
      const mixes = c.SHIFTED !== undefined; // one row
      const tiles = mixes ? 1 : Math.ceil(rows / c.TILE);
      // x, and two vectors of the norm; the row before and a lerp.
      const vectors = mixes ? 3 + 2 * c.SHIFTED : 1;
      const outputs = workgroups / tiles * c.LANES * c.ROWS;
      const loads = bytes[0] / outputs / 16 / c.SPLIT;
      return work(c.LANES * c.SPLIT, {
        bytes: tiles * (bytes[0] + quantizedBytes(c, bytes[1])) +
          rows * 4 * (c.K + outputs),
        cached: 4 * c.K * vectors * rows * outputs / (c.LANES * c.ROWS),
        operations: 2 * outputs * c.K * tiles *
          ((c.TILE ?? 1) + UNPACKING[c.FORMAT]),
        ahead: 16 * c.ROWS,
        waits: loads + 2 + 4 * (c.TILE ?? 1) * BARRIER +
          (mixes ? 3 + 6 * BARRIER : 0),
      });
    }
    case "matmul": {
      const tiles = Math.ceil(rows / 64);
      const blocks = workgroups / tiles;
      const outputs = 64 * blocks;
      return work(64, {
        bytes: bytes[0] + quantizedBytes(c, bytes[1]) +
          rows * 4 * (c.K + outputs),
        cached: tiles * bytes[0] + blocks * tiles * 64 * 4 * c.K,
        operations: 2 * outputs * c.K * tiles *
          (64 + 8 * UNPACKING[c.FORMAT]),
        ahead: 128,
        waits: 3 * c.K / 32,
      });
    }
    case "deep":
      return work(256, { bytes: bytes[6] + 12 * c.F * rows, waits: 12 });
    case "adjust":
      return work(64, { bytes: 8 * c.V * rows, waits: 6 });
    case "draw":
      return work(256, { bytes: c.V / 16 * rows, ...DRAWS[draw](c.V) });
  }
  throw new RangeError(`Cannot predict ${dispatch.label}: unknown kernel`);
}

function ranksOf(c: Readonly<Record<string, number>>): number {
  return c.RANK_W + c.RANK_A + c.RANK_V + c.RANK_G;
}

/** Where a matrix has no scales, their binding is a stand-in. */
function quantizedBytes(
  { FORMAT }: Readonly<Record<string, number>>,
  bytes: number,
): number {
  return FORMAT >= 3 ? bytes : 0;
}
