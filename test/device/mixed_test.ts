import { assert, assertEquals } from "@std/assert";
import { randomCheckpoint } from "../support/models/random_model.ts";
import type { Device } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { sharedWebGpu } from "../support/shared_webgpu.ts";
import type { Checkpoint, StoredType } from "../../src/model/checkpoint.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import { prompt } from "./loaded.ts";

const SIZES = { L: 2, D: 128, V: 320, deep: 8 } as const;

/** A model whose matrices are F16 and whose LoRA matrices are another type. */
function mixed(large: StoredType, small: StoredType): Checkpoint {
  const wide = randomCheckpoint({ ...SIZES, type: small });
  const narrow = randomCheckpoint({ ...SIZES, type: large });
  return {
    shape: wide.shape,
    stored: large,
    small,
    read: (name, rows) =>
      (/^(?!.*ln).*weight$/.test(name) ? narrow : wide).read(name, rows),
  };
}

async function turn(device: Device, checkpoint: Checkpoint) {
  const model = await device.load(checkpoint, {
    lanes: 1,
    quantization: "none",
  });
  const [{ drawn }] = await model.step([{
    lane: 0,
    tokens: prompt(40, SIZES.V),
    draw: 8,
    sampling: GREEDY,
  }]);
  const state = await model.read(0);
  const { weightBytes } = model;
  await model.dispose();
  return { drawn, state, weightBytes };
}

for (
  const [name, open] of [
    ["wasm", () => Promise.resolve(wasmDevice({ threads: 1 }))],
    ["webgpu", sharedWebGpu],
  ] as const
) {
  Deno.test(`${name} keeps matrices as narrow as they are stored, and LoRA matrices as wide`, async () => {
    const device = await open();
    try {
      for (const [large, small] of [["F16", "F32"], ["BF16", "F16"]] as const) {
        const types = `${large}, ${small}`;
        const checkpoint = mixed(large, small);
        // Without the types, everything is as wide as the widest.
        const { small: _, ...rest } = checkpoint;
        const wide = await turn(device, { ...rest, stored: "F32" });
        const own = await turn(device, checkpoint);
        assertEquals(own.drawn, wide.drawn, types);
        const gap = Math.max(
          ...own.state.map((x, i) => Math.abs(x - wide.state[i])),
        );
        assert(gap < 1e-4, `${types}: the states are ${gap} apart`);
        const share = own.weightBytes / wide.weightBytes;
        assert(share < 0.85, `${types}: ${share} of the bytes`);
      }
    } finally {
      await device.dispose();
    }
  });
}
