import { assertEquals, assertThrows } from "@std/assert";
import { quantizeRows } from "../../src/device/webgpu/quantize.ts";
import {
  embed,
  type EmbedTensors,
  type TablePart,
} from "../../src/device/webgpu/kernels/embed.ts";
import { packElements } from "../../src/device/webgpu/weight_packing.ts";
import type { MatrixFormat } from "../../src/device/matrix_format.ts";
import { UNREAD } from "../../src/device/webgpu/pass_schedule.ts";
import * as oracle from "../oracle/embed.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, tensor, words } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

const V = 10, R = 4, NONE = 0xffffffff;

function example(format: MatrixFormat, D: number): {
  parts: TablePart[];
  values: Float64Array;
  norm: Float64Array;
} {
  const next = random(D);
  const raw = Float32Array.from(
    uniform(V * D, [-1, 1], next),
    (x) => format === "BF16" ? Math.round(x * 128) / 128 : x,
  );
  let values = Float64Array.from(raw);
  if (format === "F16") values = values.map(Math.f16round);
  const bits = { F32: 32, F16: 16, BF16: 16, int8: 8, int4: 4 }[format];
  if (bits === 8 || bits === 4) {
    const q = quantizeRows(raw, bits);
    values = Float64Array.from(
      q.values,
      (x, i) => x * q.scales[Math.floor(i / 32)],
    );
  }
  // Two parts, as of a table that no binding can hold.
  const parts = [[0, 6], [6, V]].map(([from, to]): TablePart => {
    const { packed, scales } = packElements(
      raw.slice(from * D, to * D),
      format,
    );
    const { buffer, byteOffset, byteLength } = packed;
    return {
      from,
      to,
      table: words(
        "table",
        [to - from, D * bits / 32],
        new Uint32Array(buffer, byteOffset, byteLength / 4),
      ),
      scales: bits <= 8
        ? words(
          "scales",
          [to - from, D / 64],
          new Uint32Array(new Float16Array(scales).buffer),
        )
        : words("scales", [1], [0]),
    };
  });
  return { parts, values, norm: uniform(2 * D, [-1, 1], next) };
}

function tensors(
  D: number,
  norm: Float64Array,
  rows: readonly number[],
  cursors: readonly number[],
): Omit<EmbedTensors, "part"> {
  return {
    rows: words("rows", [R, 4], rows),
    cursors: words("cursors", [2, 4], cursors),
    norm: tensor("norm", [2, D], norm),
    x: tensor("x", [R, D], new Float32Array(R * D).fill(9)),
  };
}

for (const format of ["F32", "F16", "BF16", "int8", "int4"] as const) {
  for (const D of [64, 320]) {
    Deno.test(`embed() agrees with the oracle for ${format}, D = ${D}`, async () => {
      const { parts, values, norm } = example(format, D);
      const tokens = [9, 0, 5, 6];
      const bound = tensors(
        D,
        norm,
        tokens.flatMap((token) => [token, 0, 1, 0]),
        new Array(8).fill(0),
      );
      await run(
        parts.map((part) => embed(gpu, { ...bound, part }, format)),
        { rows: R },
      );
      const expected = oracle.embed(tokens, { table: values, norm }, { D });
      assertClose(await read(bound.x), expected, { nmse: 1e-12 });
    });
  }
}

Deno.test("embed() goes on from what a lane drew, unless that was a stop token", async () => {
  const D = 64;
  const { parts, values, norm } = example("F32", D);
  const rows = [[UNREAD, 0, 1, 0], [UNREAD, 1, 1, 1], [3, 1, 1, 2], [
    4,
    NONE,
    0,
    0,
  ]];
  const cursors = [7, 0, 1, 1, 2, 1, 1, 1]; // lane 0 drew 7; lane 1 drew 2 and is done
  const bound = tensors(D, norm, rows.flat(), cursors);
  await run(
    parts.map((part) => embed(gpu, { ...bound, part }, "F32")),
    { rows: R },
  );
  const x = await read(bound.x);
  const expected = oracle.embed([7, 3], { table: values, norm }, { D });
  assertClose(x.slice(0, D), expected.slice(0, D), { nmse: 1e-12 });
  assertClose(x.slice(2 * D, 3 * D), expected.slice(D), { nmse: 1e-12 });
  const table = new Uint32Array((await read(bound.rows)).buffer);
  assertEquals([table[1], table[5], table[9], table[13]], [0, NONE, 1, NONE]);
});

Deno.test("embed() refuses a table of another format", () => {
  const { parts: [part], norm } = example("F16", 64);
  const bound = tensors(64, norm, new Array(16).fill(0), new Array(8).fill(0));
  assertThrows(() => embed(gpu, { ...bound, part }, "F32"), {
    name: "RangeError",
    message: "Cannot bind table: shape is [6, 32], expected [6, 64]",
  });
});
