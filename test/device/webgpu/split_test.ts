import { assert, assertEquals } from "@std/assert";
import { Gpu } from "../../../src/device/webgpu/gpu.ts";
import { uploadWeights } from "../../../src/device/webgpu/upload_weights.ts";
import type { Checkpoint } from "../../../src/model/checkpoint.ts";
import type { Quantization } from "../../../src/device/device.ts";
import { GREEDY } from "../../../src/text/sampling_options.ts";
import { openGolden } from "../../support/goldens.ts";
import { sharedWebGpu } from "../../support/shared_webgpu.ts";
import { assertSameBits, prompt } from "../loaded.ts";

/** Does `work` as if bindings could have no more bytes than this. */
async function bounded<T>(most: number, work: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(Gpu.prototype, "mostBytes");
  assert(own !== undefined);
  Object.defineProperty(Gpu.prototype, "mostBytes", {
    ...own,
    get: () => most,
  });
  try {
    return await work();
  } finally {
    Object.defineProperty(Gpu.prototype, "mostBytes", own);
  }
}

/** Reads 40 tokens in one pass, then draws 8. */
async function turn(checkpoint: Checkpoint, quantization: Quantization) {
  const device = await sharedWebGpu();
  try {
    const model = await device.load(checkpoint, { lanes: 1, quantization });
    const [{ drawn }] = await model.step([{
      lane: 0,
      tokens: prompt(40, checkpoint.shape.V),
      draw: 8,
      sampling: GREEDY,
    }]);
    return { drawn, state: await model.read(0) };
  } finally {
    await device.dispose();
  }
}

Deno.test("matrices larger than a binding are split, and give the same bits", async () => {
  const checkpoint = await openGolden("rand-d128-l3-v512");
  for (const quantization of ["none", "int8", "int4"] as const) {
    const whole = await turn(checkpoint, quantization);
    // One block of 64 rows of the widest matrix.
    const most = { none: 1 << 17, int8: 1 << 15, int4: 1 << 14 }[quantization];
    const split = await bounded(most, () => turn(checkpoint, quantization));
    assertEquals(split.drawn, whole.drawn, quantization);
    assertSameBits(split.state, whole.state, `the state, ${quantization}`);
  }
});

Deno.test("uploadWeights() makes no buffer larger than a binding", async () => {
  const checkpoint = await openGolden("rand-d128-l3-v512");
  const gpu = await Gpu.open({ hardware: false });
  try {
    const { head, table } = await bounded(
      1 << 17,
      () => uploadWeights(gpu, checkpoint, { quantization: "none" }),
    );
    const buffers = [
      ...head.parts.flatMap(({ weights, scales }) => [weights, scales]),
      ...table.map(({ table }) => table),
    ];
    assert(head.parts.length > 1 && table.length > 1);
    for (const { buffer, label } of buffers) {
      assert(buffer.size <= 1 << 17, `${label} has ${buffer.size} bytes`);
    }
  } finally {
    gpu.dispose();
  }
});
