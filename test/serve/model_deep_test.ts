import { join } from "@std/path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  randomCheckpoint,
  randomTensors,
  safetensors,
} from "../support/models/random_model.ts";
import { describe } from "../../src/hub/inspect_model.ts";
import { QUANTIZATIONS } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { webgpuMemory } from "../../src/device/webgpu/model_memory.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { tensorSpecs } from "../../src/model/checkpoint.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import type { ModelShape } from "../../src/model/shape.ts";

/** The released RWKV-7a of 0.1B. */
const SHAPE: ModelShape = {
  L: 12,
  D: 768,
  H: 12,
  F: 3072,
  V: 65_536,
  ranks: { w: 64, a: 64, v: 32, g: 128 },
  deep: 32,
};
/** Numbers in its tables. */
const TABLES = 12 * 65_536 * 1024;

Deno.test("Device.memory() counts the tables of DeepEmbed as they are kept", () => {
  const { deep: _, ...plain } = SHAPE;
  const { memory } = wasmDevice({ threads: 2 });
  const devices = { wasm: memory, webgpu: webgpuMemory };
  for (const [kind, memory] of Object.entries(devices)) {
    for (const [i, quantization] of QUANTIZATIONS.entries()) {
      const [more, less] = [SHAPE, plain].map((shape) =>
        memory({ shape, stored: "BF16" }, { lanes: 10, quantization }).bytes
      );
      const bits = kind === "wasm" ? [16, 8.5, 8.5][i] : [16, 8.5, 4.5][i];
      const share = (more - less) / (TABLES * bits / 8);
      assert(share > 1 && share < 1.1, `${kind} ${quantization}: ${share}`);
    }
  }
});

Deno.test("the webgpu device loads DeepEmbed, and tells how far it has come", async () => {
  const sizes = { L: 2, D: 128, V: 3000, deep: 16, type: "BF16" } as const;
  const checkpoint = randomCheckpoint(sizes);
  const device = await openWebGpu({ force: true });
  try {
    for (const quantization of QUANTIZATIONS) {
      const seen: number[][] = [];
      const model = await device.load(checkpoint, {
        lanes: 1,
        quantization,
        progress: (...counts) => seen.push(counts),
      });
      const total = tensorSpecs(checkpoint.shape).length;
      assertEquals(seen.at(-1), [total, total]);
      await model.dispose();
    }
  } finally {
    await device.dispose();
  }
});

Deno.test("describe tells what DeepEmbed takes", async () => {
  const folder = await Deno.makeTempDir();
  const tensors = randomTensors({ L: 2, D: 64, V: 500, deep: 16 });
  await Deno.writeFile(
    join(folder, "m.safetensors"),
    ReadableStream.from(safetensors(tensors, "BF16")),
  );
  await Deno.writeTextFile(join(folder, "vocab.txt"), "");
  await using files = await openFiles(folder);
  const text = await describe(files, { lanes: 8, spare: 2, threads: 2 });
  assertMatch(
    text,
    /^DeepEmbed +rank 16, 2 tables of 256 kB, 256,000 of the parameters$/m,
  );
  await Deno.remove(folder, { recursive: true });
});
