/**
 * What the tests of `prepare` and of `advance` bind.
 *
 * @module
 */

import type { PrepareTensors } from "../../src/device/webgpu/kernels/prepare.ts";
import type { LoraRanks } from "../../src/model/shape.ts";
import * as oracle from "../oracle/prepare.ts";
import { tensor, words } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

/** Rows. */
export const R = 4;
/** Ranks of the LoRAs. */
export const RANKS: LoraRanks = { w: 8, a: 16, v: 24, g: 40 };
const NAMES = ["w", "a", "v", "g"] as const;

/** The values of a layer, and of rows in it. */
export interface Example {
  raw: Float64Array;
  ups: Record<keyof LoraRanks, Float64Array>;
  vectors: Float64Array;
  first: Float64Array;
  at: LoraRanks;
  WIDTH: number;
}

/** Values that every format holds exactly. */
export function example(D: number): Example {
  const next = random(D);
  const WIDTH = 3 * D + 4 * 64;
  const coarse = (length: number) =>
    uniform(length, [-1, 1], next).map((x) => Math.round(x * 64) / 64);
  return {
    raw: uniform(R * WIDTH, [-2, 2], next),
    ups: {
      w: coarse(D * RANKS.w),
      a: coarse(D * RANKS.a),
      v: coarse(D * RANKS.v),
      g: coarse(D * RANKS.g),
    },
    vectors: uniform(8 * D, [-1, 1], next),
    first: uniform(R * D, [-1, 1], next),
    at: { v: 3 * D, w: 3 * D + 64, a: 3 * D + 128, g: 3 * D + 192 },
    WIDTH,
  };
}

/** Ranks side by side: `[rank, D]`, two a word where the format is narrow. */
function turn(
  { ups }: Example,
  D: number,
  format: "F32" | "F16" | "BF16",
): ArrayLike<number> {
  const rows = NAMES.flatMap((name) =>
    Array.from(
      { length: RANKS[name] },
      (_, n) =>
        Float32Array.from({ length: D }, (_, d) =>
          ups[name][d * RANKS[name] + n]),
    )
  );
  if (format === "F32") {
    return rows.flatMap((row) => [...new Uint32Array(row.buffer)]);
  }
  const half = (x: number) => {
    if (format === "F16") {
      return new Uint16Array(Float16Array.of(x).buffer)[0];
    }
    return new Uint32Array(Float32Array.of(x).buffer)[0] >>> 16;
  };
  const packed: number[] = [];
  for (let n = 0; n < rows.length; n += 2) {
    for (let d = 0; d < D; d++) {
      packed.push((half(rows[n][d]) | half(rows[n + 1][d]) << 16) >>> 0);
    }
  }
  return packed;
}

/** Puts them on the device; the last two vectors are those of `advance`. */
export function bind(
  inputs: Example,
  D: number,
  format: "F32" | "F16" | "BF16",
): PrepareTensors {
  const rank = 88 / (format === "F32" ? 1 : 2);
  return {
    raw: tensor("raw", [R, inputs.WIDTH], inputs.raw),
    ups: {
      words: words("ups", [rank, D], turn(inputs, D, format)),
      format,
      ranks: RANKS,
      at: inputs.at,
    },
    vectors: tensor("vectors", [8, D], inputs.vectors),
    first: tensor("first", [R, D], inputs.first),
    prepared: tensor("prepared", [7, R, D]),
  };
}

/** What the oracle makes of a row. */
export function expected(
  inputs: Example,
  { row, D, layer }: { row: number; D: number; layer: number },
): Float64Array {
  const raw = inputs.raw.subarray(row * inputs.WIDTH, (row + 1) * inputs.WIDTH);
  const hidden = (name: keyof LoraRanks) =>
    raw.slice(inputs.at[name], inputs.at[name] + RANKS[name]);
  const first = inputs.first.slice(row * D, (row + 1) * D);
  return oracle.prepare({
    r: raw.slice(0, D),
    k: raw.slice(D, 2 * D),
    v: raw.slice(2 * D, 3 * D),
    hidden: {
      w: hidden("w"),
      a: hidden("a"),
      v: hidden("v"),
      g: hidden("g"),
    },
    ups: inputs.ups,
    vectors: inputs.vectors,
    ...(layer > 0 ? { first } : {}),
  });
}
