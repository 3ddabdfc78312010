import { assertEquals } from "@std/assert";
import {
  BLOCK,
  type Format,
  FORMATS,
  PANEL,
  panelBytes,
  roundUp,
} from "../../../src/device/wasm/format.ts";
import { MATRIX_FIELDS, words } from "../../../src/device/wasm/structs.ts";
import { product } from "../../oracle/product.ts";
import { assertClose } from "../../support/close.ts";
import { random, uniform } from "../../support/random.ts";
import { Room } from "./room.ts";

/** What rounding the weights costs, and what f32 sums and 14 bits of x cost. */
const FORMAT_ERROR: [Format, number][] = [
  ["F32", 1e-12],
  ["F16", 1e-7],
  ["BF16", 1e-5],
  ["int8", 3e-5],
  ["int4", 7e-3],
];

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly weights: Float64Array;
  readonly xs: Float64Array;
  readonly format: Format;
}

/** X Wᵀ by the kernels, `count` rows of X at a time. */
function multiply(
  { rows, columns, weights, xs, format }: Product,
  count: number,
): Float32Array {
  const room = new Room(), total = xs.length / columns;
  const padded = roundUp(rows, PANEL), bytes = panelBytes(format, columns);
  const data = room.take(padded / PANEL * bytes);
  const source = room.put(weights);
  const f = FORMATS[format];
  room.kernels.pack(f, source, rows, columns, columns, data, room.take(256));
  const matrix = room.take(MATRIX_FIELDS.length * 4);
  new Uint32Array(room.memory.buffer, matrix).set(
    words(MATRIX_FIELDS, {
      format: f,
      data,
      panelBytes: bytes,
      rows: padded,
      columns,
    }),
  );
  const x = room.put(xs), y = room.take(total * padded * 4);
  const xQ = room.take(total * columns * 3), scratch = room.take(16_384);
  for (let m = 0; m < total; m += count) {
    const n = Math.min(count, total - m);
    const from = x + m * columns * 4, to = y + m * padded * 4;
    room.kernels.multiply(matrix, from, xQ, n, to, scratch);
  }
  return Float32Array.from(
    { length: total * rows },
    (_, i) =>
      room.floats(y, total * padded)[Math.floor(i / rows) * padded + i % rows],
  );
}

for (const [format, nmse] of FORMAT_ERROR) {
  Deno.test(`product() of ${format} is the product in float64 within ${nmse}`, () => {
    const next = random(11);
    for (
      const [rows, columns, T] of [[40, 320, 7], [16, 64, 1], [64, 128, 3]]
    ) {
      const weights = uniform(rows * columns, [-1, 1], next);
      const xs = uniform(T * columns, [-2, 3], next);
      const y = new Float64Array(T * rows);
      assertClose(
        multiply({ rows, columns, weights, xs, format }, T),
        product({ matrix: weights, x: xs, y }, { T, K: columns }),
        { nmse },
      );
    }
  });

  Deno.test(`product() of ${format} does the same bits for any number of rows`, () => {
    const next = random(12), rows = 48, columns = 320;
    const weights = uniform(rows * columns, [-1, 1], next);
    const xs = uniform(11 * columns, [-2, 3], next);
    const setup = { rows, columns, weights, xs, format };
    const alone = multiply(setup, 1);
    for (const n of [2, 3, 4, 5, 6, 7, 8, 11]) {
      assertEquals(multiply(setup, n), alone, `${n} rows`);
    }
  });
}

Deno.test("pack() to int8 rounds to the nearest of 255 steps of its scale", () => {
  const room = new Room(), columns = 2 * BLOCK;
  const weights = uniform(PANEL * columns, [-3, 3], random(13));
  const bytes = panelBytes("int8", columns), data = room.take(bytes);
  const source = room.put(weights);
  const { int8 } = FORMATS;
  room.kernels.pack(
    int8,
    source,
    PANEL,
    columns,
    columns,
    data,
    room.take(256),
  );
  const view = new DataView(room.memory.buffer, data, bytes);
  for (let r = 0; r < PANEL; r++) {
    for (let b = 0; b < 2; b++) {
      const block = b * (64 + 1024);
      const scale = new Float32Array(
        Uint32Array.of(view.getUint32(block + r * 4, true) & 0xffff0000).buffer,
      )[0];
      const values = weights.subarray(
        r * columns + b * BLOCK,
        r * columns + (b + 1) * BLOCK,
      );
      const found = Array.from(
        values,
        (_, c) => view.getInt8(block + 64 + (c >> 2) * 64 + r * 4 + (c & 3)),
      );
      assertEquals(found, Array.from(values, (x) => Math.round(x / scale) + 0));
      const sum = found.reduce((a, b) => a + b);
      assertEquals(view.getInt16(block + r * 4, true), sum);
    }
  }
});

/** The nearest bf16, ties to even. */
function toBF16(x: number): number {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(x) || 1)) - 7);
  const steps = Math.floor(x / step), rest = x / step - steps;
  const up = rest > 0.5 || (rest === 0.5 && steps % 2 !== 0);
  return (steps + (up ? 1 : 0)) * step;
}

for (const format of ["F16", "BF16"] as const) {
  Deno.test(`packRows() to ${format} keeps every ${format} value and rounds others`, () => {
    const room = new Room(), n = 65_536;
    const floats = format === "F16"
      ? new Float16Array(Uint16Array.from({ length: n }, (_, i) => i).buffer)
      : new Float32Array(
        Uint32Array.from({ length: n }, (_, i) => i << 16).buffer,
      );
    const exact = Float32Array.from(floats, (x) => Number.isFinite(x) ? x : 0);
    const packed = room.take(n * 2), wide = room.take(n * 4);
    room.kernels.packRows(FORMATS[format], room.put(exact), 1, n, packed);
    room.kernels.unpackRow(FORMATS[format], packed, n, wide);
    assertEquals(new Float32Array(room.floats(wide, n)), exact);

    const between = uniform(n, [-4, 4], random(14));
    room.kernels.packRows(FORMATS[format], room.put(between), 1, n, packed);
    room.kernels.unpackRow(FORMATS[format], packed, n, wide);
    const right = Float32Array.from(
      between,
      format === "F16" ? Math.f16round : toBF16,
    );
    assertEquals(new Float32Array(room.floats(wide, n)), right);
  });
}
