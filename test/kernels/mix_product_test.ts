import { assert, assertEquals, assertThrows } from "@std/assert";
import { mix } from "../../src/device/webgpu/kernels/mix.ts";
import { normalize } from "../../src/device/webgpu/kernels/normalize.ts";
import {
  canMix,
  mixProduct,
  product,
  type ProductOptions,
} from "../../src/device/webgpu/kernels/product.ts";
import type { Matrix } from "../../src/device/webgpu/matrix_parts.ts";
import type { Tensor } from "../../src/device/webgpu/tensor.ts";
import { N } from "../../src/model/shape.ts";
import * as mixOracle from "../oracle/mix.ts";
import { normalize as normalizeOracle } from "../oracle/normalize.ts";
import * as oracle from "../oracle/product.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, segments, tensor } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";
import { example, FORMATS } from "./matrix_example.ts";

/** Lanes in all, the one that is read, and rows there is room for. */
const B = 3, LANE = 1, R = 2;

type Shift = "att" | "ffn";

/** Where the row before the first lies in a state. */
function shiftAt(shift: Shift, D: number): number {
  return LANE * D * (N + 2) + (shift === "att" ? 0 : D * (N + 1));
}

interface Example {
  readonly x: Float64Array;
  readonly vectors: Float64Array;
  readonly state: Float64Array;
}

function values(D: number, P: number): Example {
  const next = random(D + P);
  return {
    x: uniform(R * D, [-2, 3], next),
    vectors: uniform((2 + P) * D, [-1, 1], next),
    state: uniform(B * D * (N + 2), [-1, 1], next),
  };
}

interface Bound {
  readonly rows: Tensor;
  readonly x: Tensor;
  readonly vectors: Tensor;
  readonly state: Tensor;
  readonly carried: Tensor;
  readonly y: Tensor;
  readonly matrix: Matrix;
}

function bind(
  { x, vectors, state }: Example,
  matrix: Matrix,
  shift: Shift,
): Bound {
  const D = matrix.columns;
  const at = shiftAt("ffn", D);
  const carried = shift === "ffn"
    ? [...new Float64Array(D), ...state.slice(at, at + D)]
    : new Float64Array(2 * D);
  return {
    rows: segments([1], { room: R, lanes: [LANE] }),
    x: tensor("x", [R, D], x),
    vectors: tensor("vectors", [vectors.length / D, D], vectors),
    state: tensor("state", [B, D * (N + 2)], state),
    carried: tensor("carried", [2, D], carried),
    y: tensor("y", [R, matrix.rows]),
    matrix,
  };
}

/** The same by way of `mix` and `product`: outputs, and states. */
async function inTwo(
  inputs: Example,
  matrix: Matrix,
  shift: Shift,
  options: ProductOptions,
): Promise<{ y: Float32Array; state: Float32Array }> {
  const D = matrix.columns, P = 1 + (options.planes?.length ?? 0);
  const { rows, x, vectors, state, y } = bind(inputs, matrix, shift);
  const mixed = tensor("mixed", [P, R, D]);
  await run([
    mix(gpu, { rows, x, vectors, state, mixed }, shift),
    ...product(gpu, { matrix, x: mixed, y }, { ...options, tile: 1 }),
  ]);
  return { y: await read(y), state: await read(state) };
}

for (const [n, format] of FORMATS.entries()) {
  const shift = n % 2 === 0 ? "att" : "ffn";
  Deno.test(`mixProduct() agrees with the oracles for ${format}, ${shift}`, async () => {
    const D = 128, P = shift === "att" ? 3 : 1;
    const options = shift === "att"
      ? { planes: [64, 128], tanh: 1, sigmoid: 2 }
      : { relu2: true };
    const { values: matrixValues, matrix } = await example(format, {
      ...{ outputs: 192, K: D },
    });
    const inputs = values(D, P);
    const bound = bind(inputs, matrix, shift);
    await run(mixProduct(gpu, bound, { shift, ...options }));
    const at = shiftAt(shift, D);
    const { mixed, shift: u } = mixOracle.mix({
      x: inputs.x.slice(0, D),
      norm: inputs.vectors.slice(0, 2 * D),
      lerp: inputs.vectors.slice(2 * D),
      shift: inputs.state.slice(at, at + D),
    }, { T: 1, D, P });
    const expected = oracle.product(
      { matrix: matrixValues, x: mixed, y: new Float64Array(192) },
      {
        ...{ T: 1, K: D, ...options },
        planeOf: (o) => shift === "att" ? Math.floor(o / 64) : 0,
      },
    );
    const y = await read(bound.y);
    assertClose(y.slice(0, 192), expected, { nmse: 1e-11 });
    assertEquals(y.slice(192), new Float32Array(192));
    const state = inputs.state.slice();
    if (shift === "ffn") state.set(u, at);
    assertClose(await read(bound.state), state, { nmse: 1e-12 });
    if (shift === "ffn") return;
    const carried = await read(bound.carried);
    assertClose(carried.slice(0, D), u, { nmse: 1e-12 });
    assertEquals(carried.slice(D), new Float32Array(D));
  });
}

Deno.test("mixProduct() gives the bits of mix() and product(), however it is cut", async () => {
  const planes = [64, 128];
  // 34 groups of columns, which two invocations share, and ten that ten do.
  for (
    const [format, D, shift] of [
      ["int8", 1088, "att"],
      ["BF16", 320, "ffn"],
    ] as const
  ) {
    const inputs = values(D, 3);
    const { matrix } = await example(format, { outputs: 320, K: D });
    const { matrix: cut } = await example(format, {
      ...{ outputs: 320, K: D, most: matrix.bytes / 2 },
    });
    assert(cut.parts.length > 1);
    const wanted = await inTwo(inputs, matrix, shift, { planes });
    for (const [whole, keep] of [[matrix, 1], [cut, 4]] as const) {
      const bound = bind(inputs, whole, shift);
      await run(mixProduct(gpu, bound, { shift, planes, keep }));
      assertEquals(
        (await read(bound.y)).slice(0, 320),
        wanted.y.slice(0, 320),
      );
      const at = shiftAt(shift, D);
      const u = shift === "ffn"
        ? (await read(bound.state)).slice(at, at + D)
        : (await read(bound.carried)).slice(0, D);
      assertEquals(u, wanted.state.slice(at, at + D));
    }
  }
});

Deno.test("mixProduct() without a shift gives the bits of normalize() and product()", async () => {
  const D = 192;
  const inputs = values(D, 0);
  const { values: matrixValues, matrix } = await example("F16", {
    ...{ outputs: 128, K: D },
  });
  const { rows, x, vectors, carried, y } = bind(inputs, matrix, "att");
  await run(mixProduct(gpu, { matrix, rows, x, vectors, carried, y }, {}));
  const found = (await read(y)).slice(0, 128);
  const expected = oracle.product({
    matrix: matrixValues,
    x: normalizeOracle(inputs.x.slice(0, D), inputs.vectors, { D }),
    y: new Float64Array(128),
  }, { T: 1, K: D });
  assertClose(found, expected, { nmse: 1e-11 });
  assertEquals(await read(carried), new Float32Array(2 * D));
  const out = tensor("out", [1, R, D]);
  await run([
    normalize(gpu, { x, norm: vectors, out }),
    ...product(gpu, { matrix, x: out, y }, { tile: 1 }),
  ]);
  assertEquals((await read(y)).slice(0, 128), found);
});

Deno.test("mixProduct() leaves everything alone where the lane is done", async () => {
  const D = 128;
  const { matrix } = await example("F32", { outputs: 64, K: D });
  const bound = bind(values(D, 1), matrix, "ffn");
  const state = await read(bound.state);
  const none = Uint32Array.of(0, 0xffffffff, 1, 0);
  gpu.device.queue.writeBuffer(bound.rows.buffer, 0, none);
  await run(mixProduct(gpu, bound, { shift: "ffn" }));
  assertEquals(await read(bound.state), state);
  assertEquals(await read(bound.y), new Float32Array(R * 64));
});

Deno.test("mixProduct() refuses a row that workgroups have no room for", async () => {
  assertEquals([64, 768, 2560, 4096].map(canMix), [true, true, true, false]);
  const D = 4096;
  const { matrix } = await example("int4", { outputs: 64, K: D });
  const { rows, x, vectors, carried, y } = bind(values(D, 0), matrix, "att");
  assertThrows(
    () => mixProduct(gpu, { matrix, rows, x, vectors, carried, y }, {}),
    {
      name: "RangeError",
      message: "Cannot mix 4096 values in 16384 bytes of workgroup memory",
    },
  );
});
