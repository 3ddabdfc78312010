import { assertEquals, assertThrows } from "@std/assert";
import {
  type Kept,
  matmul,
  product,
  type ProductOptions,
  type Shared,
  sharedBy,
  type Tile,
  tileFor,
  TILES,
} from "../../src/device/webgpu/kernels/product.ts";
import {
  createMatrix,
  type Matrix,
} from "../../src/device/webgpu/matrix_parts.ts";
import { paddedRows } from "../../src/device/webgpu/weight_packing.ts";
import * as oracle from "../oracle/product.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, tensor } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";
import { example, FORMATS } from "./matrix_example.ts";

const ROOM = 64;

interface Case extends ProductOptions {
  T: number;
  K: number;
  tile: Tile | "matmul";
  keep?: Kept;
  share?: Shared;
}

async function onGpu(
  matrix: Matrix,
  x: Float64Array,
  { T, K, tile, ...options }: Case,
): Promise<{ y: Float32Array; before: Float64Array }> {
  const planes = (options.planes?.length ?? 0) + 1;
  const padded = new Float32Array(planes * ROOM * K);
  for (let p = 0; p < planes; p++) {
    padded.set(x.subarray(p * T * K, (p + 1) * T * K), p * ROOM * K);
  }
  const before = uniform(ROOM * matrix.rows, [-1, 1], random(9));
  const tensors = {
    matrix,
    x: tensor("x", [planes, ROOM, K], padded),
    y: tensor("y", [ROOM, matrix.rows], before),
  };
  const plan = tile === "matmul"
    ? matmul(gpu, tensors, options)
    : product(gpu, tensors, { ...options, tile });
  await run(plan, { rows: T });
  return { y: (await read(tensors.y)).slice(0, T * matrix.rows), before };
}

for (const format of FORMATS) {
  for (
    const { T, outputs, K, tile } of [
      { T: 1, outputs: 64, K: 64, tile: 1 },
      { T: 3, outputs: 130, K: 96, tile: 4 },
      { T: 7, outputs: 128, K: 256, tile: 8 },
      { T: 20, outputs: 130, K: 96, tile: 32 },
      { T: 33, outputs: 130, K: 96, tile: "matmul" },
    ] as const
  ) {
    const name = tile === "matmul" ? "matmul()" : "product()";
    Deno.test(`${name} agrees with the oracle for ${format}, T = ${T}, K = ${K}`, async () => {
      const { values, matrix } = await example(format, { outputs, K });
      const x = uniform(T * K, [-1, 1], random(3));
      const { y, before } = await onGpu(matrix, x, { T, K, tile });
      const all = new Float64Array(matrix.rows * K);
      all.set(values);
      const y0 = before.subarray(0, T * matrix.rows);
      const expected = oracle.product({ matrix: all, x, y: y0 }, { T, K });
      assertClose(y, expected, { nmse: 1e-12 });
    });
  }
}

for (const tile of [2, "matmul"] as const) {
  for (
    const act of [{ relu2: true, add: true }, { tanh: 1, sigmoid: 2 }]
  ) {
    const acts = Object.keys(act).join(" and ");
    Deno.test(`product() reads planes, with ${acts}, tile ${tile}`, async () => {
      const [T, K, outputs] = [2, 64, 192];
      const { values, matrix } = await example("F32", { outputs, K });
      const x = uniform(3 * T * K, [-1, 1], random(4));
      const options = { ...act, planes: [64, 128] };
      const { y, before } = await onGpu(matrix, x, { T, K, tile, ...options });
      const expected = oracle.product(
        { matrix: values, x, y: before },
        { T, K, ...options, planeOf: (o) => Math.floor(o / 64) },
      );
      assertClose(y, expected, { nmse: 1e-12 });
    });
  }
}

/** Outputs kept that are tried with each tile. */
const KEPT: Readonly<Record<Tile, readonly Kept[]>> = {
  ...{ 1: [2, 4], 2: [2, 4], 4: [2, 4], 8: [1, 8], 16: [4], 32: [1, 2] },
};

Deno.test("product() gives a row the same bits whatever its neighbours", async () => {
  const [K, outputs] = [256, 64];
  for (const format of FORMATS) {
    const { matrix } = await example(format, { outputs, K });
    const x = uniform(8 * K, [-1, 1], random(5));
    const alone = await onGpu(matrix, x, { T: 1, K, tile: 1 });
    for (const tile of TILES) {
      for (const keep of KEPT[tile]) {
        const { y } = await onGpu(matrix, x, { T: 8, K, tile, keep });
        const what = `${format}, tile ${tile}, keep ${keep}`;
        assertEquals(y.slice(0, outputs), alone.y, what);
      }
    }
  }
});

for (const [format, K] of [["int8", 1024], ["BF16", 768]] as const) {
  Deno.test(`product() adds many columns like the oracle, in ${format}, a row's bits its own`, async () => {
    const [T, outputs] = [7, 128];
    const { values, matrix } = await example(format, { outputs, K });
    const x = uniform(T * K, [-1, 1], random(8));
    const add = true, share = 32;
    const wide = { T, K, tile: 8, add, share } as const;
    const { y, before } = await onGpu(matrix, x, wide);
    const y0 = before.subarray(0, T * outputs);
    const all = { matrix: values, x, y: y0 };
    assertClose(y, oracle.product(all, { T, K, add }), { nmse: 1e-12 });
    const alone = await onGpu(matrix, x, {
      ...{ T: 1, K, tile: 1, keep: 8, add, share },
    });
    assertEquals(y.slice(0, outputs), alone.y);
  });
}

Deno.test("matmul() gives a row the same bits wherever it lies", async () => {
  const [K, outputs] = [96, 64];
  const { matrix } = await example("int8", { outputs, K });
  const row = uniform(K, [-1, 1], random(6));
  const x = new Float64Array(64 * K);
  for (let t = 0; t < 64; t++) x.set(row, t * K);
  const { y } = await onGpu(matrix, x, { T: 64, K, tile: "matmul" });
  for (let t = 1; t < 64; t++) {
    assertEquals(y.slice(t * outputs, (t + 1) * outputs), y.slice(0, outputs));
  }
});

Deno.test("product() gives the same bits where bindings are too small", async () => {
  const [T, K, outputs] = [3, 128, 320];
  const x = uniform(3 * T * K, [-1, 1], random(7));
  for (const format of ["F32", "int4"] as const) {
    const { matrix: whole } = await example(format, { outputs, K });
    const most = whole.bytes / 2;
    const { matrix: cut } = await example(format, { outputs, K, most });
    assertEquals([whole.parts.length, cut.parts.length > 1], [1, true]);
    for (const tile of [4, "matmul"] as const) {
      const at = { T, K, tile, planes: [128, 256] };
      const { y } = await onGpu(cut, x, at);
      assertEquals(y, (await onGpu(whole, x, at)).y);
    }
  }
});

Deno.test("tileFor() reads weights as seldom as it can, and computes little in vain on a CPU", () => {
  const rows = [1, 2, 3, 8, 9, 17, 64];
  assertEquals(rows.map((n) => tileFor(n, false)), [1, 2, 4, 8, 16, 32, 32]);
  assertEquals(rows.map((n) => tileFor(n, true)), [1, 2, 4, 8, 8, 8, 8]);
});

Deno.test("sharedBy() lets more share where rows are few, and no CPU", () => {
  assertEquals([1, 10, 16, 17].map((n) => sharedBy(n, false)), [
    ...[32, 32, 32, 16],
  ]);
  assertEquals(sharedBy(1, true), 16);
});

Deno.test("product() refuses to keep more sums than there are", async () => {
  const { matrix } = await example("F32", { outputs: 64, K: 64 });
  const x = tensor("x", [1, 32, 64]), y = tensor("y", [32, 64]);
  assertThrows(
    () => product(gpu, { matrix, x, y }, { tile: 32, keep: 4 }),
    {
      name: "RangeError",
      message: "Cannot keep 4 outputs of 32 rows: there are 64 sums",
    },
  );
});

Deno.test("product() refuses an x of another width", async () => {
  const { matrix } = await example("F32", { outputs: 64, K: 64 });
  const y = tensor("y", [8, 64]);
  assertThrows(
    () => product(gpu, { matrix, x: tensor("x", [1, 8, 32]), y }, { tile: 1 }),
    {
      name: "RangeError",
      message: "Cannot bind x: shape is [1, 8, 32], expected [1, 8, 64]",
    },
  );
  const x = tensor("x", [1, 8, 64]);
  assertThrows(() => matmul(gpu, { matrix, x, y }, {}), {
    message: "Cannot multiply into y: 8 rows are not a multiple of 64",
  });
});

Deno.test("createMatrix() refuses columns that are not whole groups", async () => {
  const failed = createMatrix(gpu, "w", [], { columns: 48, format: "F32" });
  const error = await failed.catch((error: unknown) => error);
  assertEquals(
    String(error),
    "RangeError: Cannot pack w: 48 columns are not a multiple of 32",
  );
  assertEquals(paddedRows(65), 128);
});
