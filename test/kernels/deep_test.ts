import { assertEquals, assertThrows } from "@std/assert";
import { quantizeRows } from "../../src/device/webgpu/quantize.ts";
import {
  deep,
  type DeepTensors,
  type DeepWeights,
} from "../../src/device/webgpu/kernels/deep.ts";
import { packElements } from "../../src/device/webgpu/weight_packing.ts";
import type { MatrixFormat } from "../../src/device/matrix_format.ts";
import { UNREAD } from "../../src/device/webgpu/pass_schedule.ts";
import * as oracle from "../oracle/deep.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, tensor, words } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

const V = 10, R = 4, F = 288, NONE = 0xffffffff;
/** Two layers, of which the second one runs. */
const LAYERS = 2;

interface Example {
  readonly r: number;
  readonly own: Float64Array;
  readonly turned: Float64Array;
  readonly wide: Float64Array;
  readonly up: Float64Array;
  readonly bias: Float64Array;
  readonly weights: DeepWeights;
  readonly WIDTH: number;
  readonly LOW: number;
}

function example(
  format: MatrixFormat,
  upFormat: DeepWeights["format"],
  r: number,
): Example {
  const next = random(r), square = r * r;
  const LOW = 320, WIDTH = LOW + 64;
  // Values that every format of 16 bits holds exactly.
  const coarse = (length: number) =>
    uniform(length, [-1, 1], next).map((x) => Math.round(x * 64) / 64);
  const raw = Float32Array.from(coarse(V * square));
  let own = Float64Array.from(raw);
  const bits = { F32: 32, F16: 16, BF16: 16, int8: 8, int4: 4 }[format];
  if (bits === 8 || bits === 4) {
    const q = quantizeRows(raw, bits);
    own = Float64Array.from(
      q.values,
      (x, i) => x * q.scales[Math.floor(i / 32)],
    );
  }
  const up = coarse(F * r), bias = uniform(F, [-1, 1], next);
  const flat = Float32Array.from(
    { length: r * F },
    (_, at) => up[at % F * r + Math.floor(at / F)],
  );
  const pairs = Float32Array.from({ length: r * F }, (_, at) => {
    const n = 2 * Math.floor(at / (2 * F)) + at % 2;
    return flat[n * F + Math.floor(at / 2) % F];
  });
  const packed = packElements(upFormat === "F32" ? flat : pairs, upFormat);
  const weights: DeepWeights = {
    // Two parts, as of a table that no binding can hold.
    table: [[0, 6], [6, V]].map(([from, to]) => {
      const rows = packElements(
        raw.slice(from * square, to * square),
        format,
      );
      const halves = new Float16Array(rows.scales);
      return {
        from,
        to,
        table: words(
          "table",
          [to - from, square * bits / 32],
          wordsOf(rows.packed),
        ),
        scales: bits <= 8
          ? words("scales", [to - from, square / 64], wordsOf(halves))
          : words("scales", [1], [0]),
      };
    }),
    up: words("up", [1 + (upFormat === "F32" ? r : r / 2), F], [
      ...wordsOf(packed.packed),
      ...wordsOf(Float32Array.from(bias)),
    ]),
    format: upFormat,
    rank: r,
    low: LOW,
    layer: square,
  };
  return {
    r,
    own,
    turned: uniform(R * LAYERS * square, [-1, 1], next),
    wide: uniform(R * WIDTH, [-2, 2], next),
    up,
    bias,
    weights,
    WIDTH,
    LOW,
  };
}

function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView) {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function bind(
  { r, turned, wide, WIDTH }: Example,
  rows: readonly number[],
  cursors: readonly number[],
): DeepTensors {
  return {
    rows: words("rows", [R, 4], rows),
    cursors: words("cursors", [2, 4], cursors),
    turned: tensor("turned", [R, LAYERS * r * r], turned),
    wide: tensor("wide", [R, WIDTH], wide),
    hidden: tensor("hidden", [R, F], new Float32Array(R * F).fill(9)),
  };
}

/** What row `m` gets for a token. */
function expected(
  { r, own, turned, wide, up, bias, WIDTH, LOW }: Example,
  m: number,
  token: number,
): Float64Array {
  const square = r * r, from = (m * LAYERS + 1) * square;
  return oracle.deep({
    own: own.slice(token * square, (token + 1) * square),
    turned: turned.slice(from, from + square),
    low: wide.slice(m * WIDTH + LOW, m * WIDTH + LOW + r),
    up,
    bias,
    k: wide.slice(m * WIDTH, m * WIDTH + F),
  });
}

for (
  const [format, upFormat, r] of [
    ["F32", "F32", 32],
    ["F16", "F16", 8],
    ["BF16", "BF16", 24],
    ["int8", "BF16", 32],
    ["int4", "F16", 64],
  ] as const
) {
  Deno.test(`deep() agrees with the oracle for ${format}, s2 ${upFormat}, r = ${r}`, async () => {
    const inputs = example(format, upFormat, r);
    const tokens = [9, 0, 5, 6];
    const rows = tokens.flatMap((token) => [token, 0, 1, 0]);
    const bound = bind(inputs, rows, new Array(8).fill(0));
    await run(deep(gpu, bound, inputs.weights, format), { rows: R });
    const found = await read(bound.hidden);
    for (const [m, token] of tokens.entries()) {
      const own = found.slice(m * F, (m + 1) * F);
      assertClose(own, expected(inputs, m, token), { nmse: 1e-12 });
    }
  });
}

Deno.test("deep() goes on from what a lane drew and leaves idle rows alone", async () => {
  const inputs = example("F32", "F32", 8);
  const rows = [
    [UNREAD, 0, 1, 0],
    [3, 1, 1, 1],
    [4, NONE, 0, 0],
    [UNREAD, 1, 1, 2],
  ];
  const cursors = [7, 0, 1, 1, 2, 0, 1, 1]; // lane 0 drew 7, lane 1 drew 2
  const bound = bind(inputs, rows.flat(), cursors);
  await run(deep(gpu, bound, inputs.weights, "F32"), { rows: R });
  const found = await read(bound.hidden);
  for (const [m, token] of [[0, 7], [1, 3], [3, 2]]) {
    const own = found.slice(m * F, (m + 1) * F);
    assertClose(own, expected(inputs, m, token), { nmse: 1e-12 });
  }
  assertEquals(found.slice(2 * F, 3 * F), new Float32Array(F).fill(9));
});

Deno.test("deep() refuses ranks and tables of other shapes", () => {
  const inputs = example("F16", "F16", 8);
  const bound = bind(inputs, new Array(16).fill(0), new Array(8).fill(0));
  assertThrows(() => deep(gpu, bound, inputs.weights, "F32"), {
    name: "RangeError",
    message: "Cannot bind table: shape is [6, 32], expected [6, 64]",
  });
  for (const rank of [12, 72]) {
    assertThrows(() => deep(gpu, bound, { ...inputs.weights, rank }, "F16"), {
      name: "RangeError",
      message: `Cannot gate: rank ${rank} is not a multiple of 8 up to 64`,
    });
  }
});
