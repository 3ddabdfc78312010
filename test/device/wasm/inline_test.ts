import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { LaneResult } from "../../../src/device/device.ts";
import { unshared } from "../../../src/device/wasm/unshared_kernels.ts";
import {
  wasmDevice,
  type WasmOptions,
} from "../../../src/device/wasm/wasm_device.ts";
import { assertClose } from "../../support/close.ts";
import { openGolden } from "../../support/goldens.ts";
import { GREEDY } from "../../../src/text/sampling_options.ts";
import { inlineKernels } from "./inline_kernels.ts";

const MODEL = "lm128-bf16";
const PROMPT = Array.from({ length: 40 }, (_, i) => 1 + i * 5 % 250);

interface Told {
  readonly result: LaneResult | undefined;
  readonly state: Float32Array;
}

async function tell(
  options: WasmOptions,
  quantization: "none" | "int8" | "int4",
): Promise<Told> {
  const device = wasmDevice(options);
  try {
    const checkpoint = await openGolden(MODEL);
    const model = await device.load(checkpoint, { lanes: 1, quantization });
    await model.clear(0);
    const [result] = await model.step([{
      lane: 0,
      tokens: PROMPT,
      draw: 24,
      sampling: {
        ...GREEDY,
        seed: [1, 2],
        counts: new Map(),
        position: 0,
      },
    }]);
    return { result, state: await model.read(0) };
  } finally {
    await device.dispose();
  }
}

for (const quantization of ["none", "int8", "int4"] as const) {
  Deno.test(`a device in line has the bits of workers, ${quantization}`, async () => {
    const kernels = await inlineKernels("kernels");
    const inline = await tell({ inline: true, kernels }, quantization);
    const workers = await tell({ threads: 2 }, quantization);
    assertEquals(inline.result, workers.result);
    assertEquals(inline.state, workers.state);
  });

  Deno.test(`plain SIMD draws the same tokens, ${quantization}`, async () => {
    const kernels = await inlineKernels("kernels_plain");
    const plain = await tell({ inline: true, kernels }, quantization);
    const relaxed = await tell({ threads: 1 }, quantization);
    assertEquals(plain.result, relaxed.result);
    assertClose(plain.state, relaxed.state, { nmse: 1e-12 });
  });
}

Deno.test("a device in line lets timers run between its steps", async () => {
  const device = wasmDevice({
    inline: true,
    kernels: await inlineKernels("kernels"),
  });
  try {
    const model = await device.load(await openGolden(MODEL), {
      lanes: 1,
      quantization: "none",
    });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const tokens = PROMPT.slice(0, 8);
    for (let i = 0; i < 40; i++) {
      await model.step([{ lane: 0, tokens, draw: 0 }]);
    }
    clearInterval(timer);
    assert(ticks > 0, "No timer ran");
    await assertRejects(
      () => model.step([{ lane: 7, tokens, draw: 0 }]),
      { name: "RangeError", message: /lane 7/ },
    );
  } finally {
    await device.dispose();
  }
});

Deno.test("unshared() refuses modules that import something else", () => {
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  assertThrows(() => unshared(empty), { message: /not a shared memory/ });
});
