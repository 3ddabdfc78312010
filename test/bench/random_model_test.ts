import { assertEquals } from "@std/assert";
import {
  PRESETS,
  randomCheckpoint,
  randomTensors,
  safetensors,
} from "../support/models/random_model.ts";
import type { StoredType } from "../../src/model/checkpoint.ts";
import { volume } from "../../src/model/stored_tensor.ts";
import { GOLDENS } from "../support/goldens.ts";

for (
  const [type, file] of [
    ["F32", "rand-d128-l3-v512"],
    ["F16", "rand-d128-l3-v512-f16"],
    ["BF16", "rand-d128-l3-v512-bf16"],
  ] as [StoredType, string][]
) {
  Deno.test(`safetensors() writes ${file} bit for bit`, async () => {
    const bytes = await Deno.readFile(`${GOLDENS}${file}.safetensors`);
    const start = 8 + new DataView(bytes.buffer).getUint32(0, true);
    const names = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, start)),
    ) as Record<string, unknown>;
    // Values of a narrow type are not rounded a second time.
    for (const made of [type, "F32"] as const) {
      const tensors = randomTensors({ L: 3, D: 128, V: 512, type: made });
      assertEquals(
        tensors.map(({ name }) => name),
        Object.keys(names).filter((name) => name !== "__metadata__"),
      );
      const parts = await Array.fromAsync(safetensors(tensors, type));
      const data = await new Blob(parts.slice(2)).bytes();
      assertEquals(data, bytes.slice(start));
    }
  });
}

Deno.test("PRESETS have the parameters that they are named for", () => {
  const counts = Object.values(PRESETS).map((preset) =>
    randomTensors(preset)
      .reduce((sum, { shape }) => sum + volume(shape), 0)
  );
  assertEquals(counts, [5_502_464, 191_084_544, 450_834_432, 1_527_668_736]);
});

Deno.test("randomCheckpoint() is another model for another seed", async () => {
  const model = { L: 1, D: 64, V: 8 };
  const one = await randomCheckpoint(model).read("emb.weight");
  const two = await randomCheckpoint({ ...model, seed: 2 }).read("emb.weight");
  assertEquals(one.some((value, i) => value === two[i]), false);
  assertEquals(await randomCheckpoint(model).read("emb.weight"), one);
});
