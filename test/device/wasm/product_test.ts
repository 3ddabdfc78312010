import { assertEquals } from "@std/assert";
import {
  activationBytes,
  PANEL,
  panelBytes,
  PRODUCT_SCRATCH,
  QUAD,
  roundUp,
} from "../../../src/device/wasm/wasm_matrix.ts";
import {
  MATRIX_FORMATS,
  type MatrixFormat,
} from "../../../src/device/matrix_format.ts";
import { MATRIX_FIELDS, words } from "../../../src/device/wasm/plan_structs.ts";
import { product } from "../../oracle/product.ts";
import { assertClose } from "../../support/close.ts";
import { random, uniform } from "../../support/random.ts";
import { Room } from "./room.ts";

/** What rounding the weights costs, and what f32 sums and integer activations cost. */
const FORMAT_ERROR: [MatrixFormat, number][] = [
  ["F32", 1e-12],
  ["F16", 1e-7],
  ["BF16", 1e-5],
  ["int8", 1e-4],
  ["int4", 7e-3],
];

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly weights: Float64Array;
  readonly xs: Float64Array;
  readonly format: MatrixFormat;
  /** Whether bytes are multiplied in two steps; by default as suits the processor. */
  readonly pairs?: boolean;
}

/** X Wᵀ by the kernels, `count` rows of X at a time. */
function multiply(
  { rows, columns, weights, xs, format, pairs }: Product,
  count: number,
): Float32Array {
  const room = new Room(), total = xs.length / columns;
  if (pairs !== undefined) room.kernels.choosePairs(pairs ? 1 : 0);
  const padded = roundUp(rows, PANEL), bytes = panelBytes(format, columns);
  const data = room.take(padded / PANEL * bytes);
  const source = room.put(weights);
  const f = MATRIX_FORMATS[format];
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
  const xQ = room.take(activationBytes(columns) * roundUp(total, QUAD));
  const scratch = room.take(PRODUCT_SCRATCH);
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
    const next = random(12), rows = 48, columns = 704;
    const weights = uniform(rows * columns, [-1, 1], next);
    const xs = uniform(70 * columns, [-2, 3], next);
    const setup = { rows, columns, weights, xs, format };
    const alone = multiply(setup, 1);
    for (const n of [2, 3, 4, 5, 6, 7, 8, 11, 70]) {
      assertEquals(multiply(setup, n), alone, `${n} rows`);
    }
  });
}

for (const format of ["int8", "int4"] as const) {
  Deno.test(`product() of ${format} does the same bits by pairs and without`, () => {
    const next = random(13), rows = 48, columns = 704;
    const weights = uniform(rows * columns, [-1, 1], next);
    const xs = uniform(200 * columns, [-2, 3], next);
    const setup = { rows, columns, weights, xs, format };
    const whole = multiply({ ...setup, pairs: false }, 200);
    for (const n of [1, 2, 3, 4, 5, 7, 8, 200]) {
      assertEquals(multiply({ ...setup, pairs: true }, n), whole, `${n} rows`);
    }
  });

  Deno.test(`product() of ${format} holds the largest sums by pairs`, () => {
    const rows = 16, columns = 128;
    // The largest integers nearly everywhere, of either sign.
    const weights = Float64Array.from(
      { length: rows * columns },
      (_, i) => (i % 64 === 0 ? -1 : 1) * (i < 8 * columns ? 1 : -1),
    );
    const xs = Float64Array.from(
      { length: 8 * columns },
      (_, i) => (i % 64 === 1 ? -1 : 1) * (i < 4 * columns ? 1 : -1),
    );
    const setup = { rows, columns, weights, xs, format };
    const whole = multiply({ ...setup, pairs: false }, 8);
    assertClose(
      whole,
      product(
        { matrix: weights, x: xs, y: new Float64Array(8 * rows) },
        { T: 8, K: columns },
      ),
      { nmse: 1e-2 },
    );
    for (const n of [1, 4]) {
      assertEquals(multiply({ ...setup, pairs: true }, n), whole, `${n} rows`);
    }
  });
}
