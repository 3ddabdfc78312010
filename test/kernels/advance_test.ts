import { assertEquals, assertThrows } from "@std/assert";
import {
  advance,
  type AdvanceTensors,
} from "../../src/device/webgpu/kernels/advance.ts";
import { N } from "../../src/model/shape.ts";
import * as oracle from "../oracle/wkv.ts";
import { assertClose } from "../support/close.ts";
import { gpu, read, run, segments, tensor } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";
import { bind, type Example, example, expected, R } from "./lora_example.ts";

/** Lanes of each row, and lanes in all. */
const LANES = [2, 0, 4, 1], B = 5;

interface Turn {
  readonly inputs: Example;
  readonly state: Float64Array;
  readonly tensors: AdvanceTensors;
}

function turn(D: number, format: "F32" | "F16" | "BF16"): Turn {
  const inputs = example(D);
  const state = uniform(B * D * (N + 2), [-1, 1], random(D + 1));
  const tensors = {
    ...bind(inputs, D, format),
    rows: segments([1, 1, 1, 1], { room: R, lanes: LANES }),
    state: tensor("state", [B, D * (N + 2)], state),
    carried: tensor("carried", [2, D], uniform(2 * D, [-1, 1], random(D))),
    y: tensor("y", [1, R, D]),
  };
  return { inputs, state, tensors };
}

for (
  const { D, format, layer } of [
    { D: 64, format: "F32", layer: 1 },
    { D: 192, format: "F16", layer: 1 },
    { D: 128, format: "BF16", layer: 0 },
  ] as const
) {
  Deno.test(`advance() agrees with the oracles for ${format}, D = ${D}, layer ${layer}`, async () => {
    const { inputs, state, tensors } = turn(D, format);
    await run([advance(gpu, tensors, { layer, carries: false })], { rows: R });
    const y = await read(tensors.y);
    const after = state.slice();
    for (const [row, lane] of LANES.entries()) {
      const plane = expected(inputs, { row, D, layer });
      const [w, k, v, kappa, b, g, bonus] = Array.from(
        { length: 7 },
        (_, n) => plane.slice(n * D, (n + 1) * D),
      );
      const r = inputs.raw.slice(row * inputs.WIDTH, row * inputs.WIDTH + D);
      const norm = inputs.vectors.slice(6 * D);
      const at = lane * D * (N + 2) + D;
      const memory = state.slice(at, at + D * N);
      const wanted = oracle.wkv(
        { r, w, k, v, kappa, b, g, bonus, norm, state: memory },
        { T: 1, D },
      );
      after.set(wanted.state, at);
      assertClose(y.slice(row * D, (row + 1) * D), wanted.y, { nmse: 1e-11 });
    }
    // Lane 3, and both shifts of all lanes, are as they were.
    assertClose(await read(tensors.state), after, { nmse: 1e-11 });
    if (layer > 0) return;
    const first = await read(tensors.first);
    const { raw, WIDTH } = inputs;
    for (let row = 0; row < R; row++) {
      const at = row * WIDTH + 2 * D;
      assertEquals(
        first.slice(row * D, (row + 1) * D),
        Float32Array.from(raw.slice(at, at + D)),
      );
    }
  });
}

Deno.test("advance() gives a row the same bits whatever its neighbours", async () => {
  const D = 128;
  const { tensors } = turn(D, "F16");
  const alone = turn(D, "F16").tensors;
  await run([advance(gpu, tensors, { layer: 1, carries: false })], { rows: R });
  await run([advance(gpu, alone, { layer: 1, carries: false })], { rows: 1 });
  const lane = async ({ state }: AdvanceTensors) =>
    (await read(state)).slice(
      LANES[0] * D * (N + 2),
      (LANES[0] + 1) * D * (N + 2),
    );
  assertEquals(await lane(alone), await lane(tensors));
  assertEquals(
    (await read(alone.y)).slice(0, D),
    (await read(tensors.y)).slice(0, D),
  );
});

Deno.test("advance() carries the shifts of the one row of a pass", async () => {
  const D = 128;
  const { state: before, tensors } = turn(D, "F32");
  const carried = await read(tensors.carried);
  await run([advance(gpu, tensors, { layer: 1, carries: true })], { rows: 1 });
  const state = await read(tensors.state), after = await read(tensors.carried);
  const at = LANES[0] * D * (N + 2), ffn = at + D * (N + 1);
  assertEquals(state.slice(at, at + D), carried.slice(0, D));
  assertEquals(after.slice(0, D), carried.slice(0, D));
  assertEquals(
    after.slice(D),
    Float32Array.from(before.slice(ffn, ffn + D)),
  );
  assertEquals(
    state.slice(ffn),
    Float32Array.from(before.slice(ffn)),
  );
});

Deno.test("advance() refuses a state of another width", () => {
  const D = 128;
  const { tensors } = turn(D, "F32");
  const state = tensor("state", [1, 64 * 66]);
  assertThrows(
    () => advance(gpu, { ...tensors, state }, { layer: 0, carries: false }),
    {
      name: "RangeError",
      message: "Cannot bind state: shape is [1, 4224], expected [1, 8448]",
    },
  );
});
