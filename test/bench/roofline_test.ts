import { assert, assertEquals } from "@std/assert";
import { randomCheckpoint } from "../support/models/random_model.ts";
import { passBytes } from "../../bench/roofline.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { parameters } from "../../src/model/checkpoint.ts";
import { stateLength } from "../../src/model/shape.ts";

const CHECKPOINT = randomCheckpoint({ L: 2, D: 64, V: 1024 });

Deno.test("passBytes() counts every weight but the embedding, a row of it and the state", async () => {
  const { shape } = CHECKPOINT;
  const F32 = 4;
  const least = F32 * (parameters(shape) - (shape.V - 1) * shape.D) +
    2 * F32 * stateLength(shape);
  for (const device of [wasmDevice(), await openWebGpu({ force: true })]) {
    const quantization = "none";
    const model = await device.load(CHECKPOINT, { lanes: 1, quantization });
    const { kind } = device;
    const at = { checkpoint: CHECKPOINT, kind, quantization } as const;
    const bytes = passBytes({ ...at, weightBytes: model.weightBytes }, 1);
    assert(bytes >= least, `${kind}: ${bytes} < ${least}`);
    // Padding of LoRA matrices to whole blocks is read too.
    assert(bytes < 1.3 * least, `${kind}: ${bytes} for ${least}`);
    await device.dispose();
  }
});

Deno.test("passBytes() shares the weights among lanes, not the states", () => {
  const device = { checkpoint: CHECKPOINT, kind: "wasm" } as const;
  const model = { ...device, quantization: "int8", weightBytes: 1e6 } as const;
  const lane = passBytes(model, 2) - passBytes(model, 1);
  const state = 8 * stateLength(CHECKPOINT.shape);
  assertEquals(passBytes(model, 9) - passBytes(model, 8), lane);
  assert(lane > state && lane < state + 300);
});
