import { assertEquals, assertThrows } from "@std/assert";
import {
  prepare,
  type PrepareTensors,
} from "../../src/device/webgpu/kernels/prepare.ts";
import type { LoraRanks } from "../../src/model/shape.ts";
import * as oracle from "../oracle/prepare.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, tensor, words } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

const R = 4;
const RANKS: LoraRanks = { w: 8, a: 16, v: 24, g: 40 };
const NAMES = ["w", "a", "v", "g"] as const;

interface Example {
  raw: Float64Array;
  ups: Record<keyof LoraRanks, Float64Array>;
  vectors: Float64Array;
  first: Float64Array;
  at: LoraRanks;
  WIDTH: number;
}

/** Values that every format holds exactly. */
function example(D: number): Example {
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
    vectors: uniform(6 * D, [-1, 1], next),
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

function bind(
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
    vectors: tensor("vectors", [6, D], inputs.vectors),
    first: tensor("first", [R, D], inputs.first),
    prepared: tensor("prepared", [7, R, D]),
  };
}

function expected(
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

for (
  const { D, format, path, layer } of [
    { D: 64, format: "F32", path: "decode", layer: 1 },
    { D: 192, format: "F16", path: "chunk", layer: 1 },
    { D: 128, format: "BF16", path: "chunk", layer: 0 },
  ] as const
) {
  Deno.test(`prepare() agrees with the oracle for ${format}, D = ${D}, layer ${layer}`, async () => {
    const inputs = example(D);
    const tensors = bind(inputs, D, format);
    await run([prepare(gpu, tensors, { layer, path })], { rows: R });
    const found = await read(tensors.prepared);
    for (let row = 0; row < R; row++) {
      const wanted = expected(inputs, { row, D, layer });
      for (let plane = 0; plane < 7; plane++) {
        const from = (plane * R + row) * D;
        assertClose(
          found.slice(from, from + D),
          wanted.slice(plane * D, (plane + 1) * D),
          { nmse: 1e-12 },
        );
      }
    }
    if (layer > 0) return;
    const first = await read(tensors.first);
    assertEquals(
      first.slice(0, D),
      Float32Array.from(inputs.raw.slice(2 * D, 3 * D)),
    );
  });
}

Deno.test("prepare() gives a row the same bits wherever it lies", async () => {
  const D = 128;
  const inputs = example(D);
  for (let row = 1; row < R; row++) {
    inputs.raw.copyWithin(row * inputs.WIDTH, 0, inputs.WIDTH);
    inputs.first.copyWithin(row * D, 0, D);
  }
  for (const path of ["decode", "chunk"] as const) {
    const tensors = bind(inputs, D, "F16");
    await run([prepare(gpu, tensors, { layer: 1, path })], { rows: R });
    const found = await read(tensors.prepared);
    for (let plane = 0; plane < 7; plane++) {
      const [first, ...rest] = Array.from({ length: R }, (_, row) => {
        const from = (plane * R + row) * D;
        return found.slice(from, from + D);
      });
      for (const other of rest) assertEquals(other, first);
    }
  }
});

Deno.test("prepare() refuses LoRA matrices of other ranks", () => {
  const D = 64;
  const tensors = bind(example(D), D, "F32");
  const ups = { ...tensors.ups, ranks: { ...RANKS, g: 48 } };
  assertThrows(
    () => prepare(gpu, { ...tensors, ups }, { layer: 1, path: "decode" }),
    {
      name: "RangeError",
      message: "Cannot bind ups: shape is [88, 64], expected [96, 64]",
    },
  );
});
