import { assertEquals, assertThrows } from "@std/assert";
import { mix } from "../../src/device/webgpu/kernels/mix.ts";
import type { Tensor } from "../../src/device/webgpu/tensor.ts";
import { N } from "../../src/model/shape.ts";
import * as oracle from "../oracle/mix.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, segments, tensor } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

interface Example {
  x: Float64Array;
  norm: Float64Array;
  lerp: Float64Array;
  state: Float64Array;
}

function example(
  T: number,
  { D, P, B }: { D: number; P: number; B: number },
): Example {
  const next = random(D + T);
  return {
    x: uniform(T * D, [-2, 3], next),
    norm: uniform(2 * D, [-1, 1], next),
    lerp: uniform(P * D, [0, 1], next),
    state: uniform(B * D * (N + 2), [-1, 1], next),
  };
}

async function onGpu(
  { x, norm, lerp, state }: Example,
  { lengths, lanes, D, P, shift }: {
    lengths: readonly number[];
    lanes: readonly number[];
    D: number;
    P: number;
    shift: "att" | "ffn";
  },
): Promise<{ mixed: Float32Array; state: Float32Array }> {
  const T = x.length / D;
  const tensors = {
    rows: segments(lengths, { room: T, lanes }),
    x: tensor("x", [T, D], x),
    vectors: tensor("vectors", [2 + P, D], [...norm, ...lerp]),
    state: tensor("state", [state.length / D / (N + 2), D * (N + 2)], state),
    mixed: tensor("mixed", [P, T, D]),
  };
  await run([mix(gpu, tensors, shift)], { rows: T });
  return { mixed: await read(tensors.mixed), state: await read(tensors.state) };
}

for (
  const { lengths, lanes, D, P, shift } of [
    { lengths: [1], lanes: [0], D: 64, P: 6, shift: "att" },
    { lengths: [3, 1, 4], lanes: [2, 0, 1], D: 320, P: 6, shift: "att" },
    { lengths: [2, 5], lanes: [1, 2], D: 1088, P: 1, shift: "ffn" },
  ] as const
) {
  Deno.test(`mix() agrees with the oracle for ${shift}, segments of ${lengths}, D = ${D}`, async () => {
    const T = lengths.reduce((a: number, b) => a + b, 0);
    const inputs = example(T, { D, P, B: 3 });
    const actual = await onGpu(inputs, { lengths, lanes, D, P, shift });
    const state = inputs.state.slice();
    let row = 0;
    lengths.forEach((length, s) => {
      const at = lanes[s] * D * (N + 2) + (shift === "att" ? 0 : D * (N + 1));
      const expected = oracle.mix({
        ...inputs,
        x: inputs.x.slice(row * D, (row + length) * D),
        shift: inputs.state.slice(at, at + D),
      }, { T: length, D, P });
      state.set(expected.shift, at);
      for (let p = 0; p < P; p++) {
        assertClose(
          actual.mixed.slice((p * T + row) * D, (p * T + row + length) * D),
          expected.mixed.slice(p * length * D, (p + 1) * length * D),
          { nmse: 1e-12 },
        );
      }
      row += length;
    });
    assertClose(actual.state, state, { nmse: 1e-12 });
  });
}

Deno.test("mix() leaves the same bits however a segment is cut", async () => {
  const D = 128, P = 6, T = 7;
  const inputs = example(T, { D, P, B: 1 });
  const at = { lanes: [0], D, P, shift: "att" } as const;
  const whole = await onGpu(inputs, { ...at, lengths: [T] });
  const cut = async (from: number, to: number, state: ArrayLike<number>) =>
    await onGpu({
      ...inputs,
      x: inputs.x.slice(from * D, to * D),
      state: Float64Array.from(state),
    }, { ...at, lengths: [to - from] });
  const first = await cut(0, 3, inputs.state);
  const rest = await cut(3, T, first.state);
  assertEquals(rest.state, whole.state);
  assertEquals(
    rest.mixed.slice(0, 4 * D),
    whole.mixed.slice(3 * D, 7 * D),
  );
});

Deno.test("mix() refuses a state of another width", () => {
  const t = (label: string, ...shape: number[]): Tensor => tensor(label, shape);
  const tensors = {
    rows: t("rows", 4, 4),
    x: t("x", 4, 128),
    vectors: t("vectors", 3, 128),
    state: t("state", 1, 64 * 66),
    mixed: t("mixed", 1, 4, 128),
  };
  assertThrows(() => mix(gpu, tensors, "att"), {
    name: "RangeError",
    message: "Cannot bind state: shape is [1, 4224], expected [1, 8448]",
  });
});
