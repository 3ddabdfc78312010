import { assertEquals, assertThrows } from "@std/assert";
import { wkv } from "../../src/device/webgpu/kernels/wkv.ts";
import { N } from "../../src/model/shape.ts";
import * as oracle from "../oracle/wkv.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, segments, tensor } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

const PLANES = ["w", "k", "v", "kappa", "b", "g", "bonus"] as const;

/** Vectors of T rows, each kappa of unit norm in its head; B lanes of state. */
function example(
  T: number,
  { D, B }: { D: number; B: number },
): oracle.WkvInputs {
  const next = random(T * D);
  const vectors = () => uniform(T * D, [-1, 1], next);
  const kappa = vectors();
  for (let h = 0; h < T * D; h += N) {
    const norm = Math.hypot(...kappa.subarray(h, h + N));
    for (let d = h; d < h + N; d++) kappa[d] = Math.fround(kappa[d] / norm);
  }
  const rate = uniform(T * D, [0, 1], next);
  return {
    r: vectors(),
    w: uniform(T * D, [0.55, 1], next),
    k: vectors(),
    v: vectors(),
    kappa,
    b: kappa.map((x, i) => Math.fround(x * rate[i])),
    g: vectors(),
    bonus: vectors(),
    norm: uniform(2 * D, [-1, 1], next),
    state: uniform(B * D * (N + 2), [-1, 1], next),
  };
}

function slice(
  inputs: oracle.WkvInputs,
  [from, to]: readonly [number, number],
): oracle.WkvInputs {
  const cut = Object.fromEntries(
    [...PLANES, "r" as const].map((
      name,
    ) => [name, inputs[name].slice(from, to)]),
  );
  return { ...inputs, ...cut };
}

async function onGpu(
  inputs: oracle.WkvInputs,
  { lengths, lanes, D }: {
    lengths: readonly number[];
    lanes: readonly number[];
    D: number;
  },
): Promise<{ y: Float32Array; state: Float32Array }> {
  const T = inputs.r.length / D;
  const WIDTH = D + 64;
  const raw = new Float32Array(T * WIDTH);
  for (let t = 0; t < T; t++) {
    raw.set(inputs.r.subarray(t * D, (t + 1) * D), t * WIDTH);
  }
  const STRIDE = D * (N + 2);
  const tensors = {
    rows: segments(lengths, { room: T, lanes }),
    raw: tensor("raw", [T, WIDTH], raw),
    prepared: tensor(
      "prepared",
      [7, T, D],
      PLANES.flatMap((name) => [...inputs[name]]),
    ),
    vectors: tensor("vectors", [8, D], [
      ...Array(6 * D).fill(NaN),
      ...inputs.norm,
    ]),
    state: tensor(
      "state",
      [inputs.state.length / STRIDE, STRIDE],
      inputs.state,
    ),
    y: tensor("y", [1, T, D]),
  };
  await run([wkv(gpu, tensors)], { segments: lengths.length });
  return { y: await read(tensors.y), state: await read(tensors.state) };
}

for (
  const { lengths, lanes, D } of [
    { lengths: [1], lanes: [0], D: 768 },
    { lengths: [2], lanes: [1], D: 64 },
    { lengths: [33, 1, 4], lanes: [2, 0, 1], D: 192 },
  ]
) {
  Deno.test(`wkv() agrees with the oracle for segments of ${lengths}, D = ${D}`, async () => {
    const T = lengths.reduce((a, b) => a + b);
    const inputs = example(T, { D, B: 3 });
    const actual = await onGpu(inputs, { lengths, lanes, D });
    const state = inputs.state.slice();
    let row = 0;
    lengths.forEach((length, s) => {
      const at = lanes[s] * D * (N + 2) + D;
      const expected = oracle.wkv({
        ...slice(inputs, [row * D, (row + length) * D]),
        state: inputs.state.slice(at, at + D * N),
      }, { T: length, D });
      state.set(expected.state, at);
      assertClose(
        actual.y.slice(row * D, (row + length) * D),
        expected.y,
        { nmse: 1e-11 },
      );
      row += length;
    });
    assertClose(actual.state, state, { nmse: 1e-11 });
  });
}

Deno.test("wkv() leaves the same bits however a segment is cut", async () => {
  const D = 128, T = 8;
  const inputs = example(T, { D, B: 1 });
  const lanes = [0];
  const whole = await onGpu(inputs, { lengths: [T], lanes, D });
  const first = await onGpu(
    slice(inputs, [0, 3 * D]),
    { lengths: [3], lanes, D },
  );
  const rest = await onGpu({
    ...slice(inputs, [3 * D, T * D]),
    state: Float64Array.from(first.state),
  }, { lengths: [5], lanes, D });
  assertEquals(rest.state, whole.state);
  assertEquals(rest.y, whole.y.slice(3 * D));
});

Deno.test("wkv() leaves other lanes and both shifts alone", async () => {
  const D = 64;
  const inputs = example(2, { D, B: 3 });
  const { state } = await onGpu(inputs, { lengths: [2], lanes: [1], D });
  const before = Float32Array.from(inputs.state);
  const from = D * (N + 2) + D, to = from + D * N;
  assertEquals(state.slice(0, from), before.slice(0, from));
  assertEquals(state.slice(to), before.slice(to));
});

Deno.test("wkv() refuses a state of another width", () => {
  const D = 128;
  const tensors = {
    rows: tensor("rows", [2, 4]),
    raw: tensor("raw", [2, 2 * D]),
    prepared: tensor("prepared", [7, 2, D]),
    vectors: tensor("vectors", [8, D]),
    state: tensor("state", [1, 64 * 66]),
    y: tensor("y", [1, 2, D]),
  };
  assertThrows(() => wkv(gpu, tensors), {
    name: "RangeError",
    message: "Cannot bind state: shape is [1, 4224], expected [1, 8448]",
  });
});
