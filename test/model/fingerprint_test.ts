import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { randomCheckpoint } from "../support/models/random_model.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { openWebGpu } from "../../src/device/webgpu/webgpu_device.ts";
import { type Checkpoint, tensorSpecs } from "../../src/model/checkpoint.ts";
import {
  DigestedCheckpoint,
  fingerprint,
} from "../../src/model/fingerprint.ts";
import { openGolden } from "../support/goldens.ts";

const VOCABULARY = new Uint8Array(32).fill(7);

async function printOf(
  checkpoint: Checkpoint,
  vocabulary = VOCABULARY,
): Promise<string> {
  return (await fingerprint(checkpoint, vocabulary)).toHex();
}

Deno.test("fingerprint() is the same for the same values in another type", async () => {
  const brain = await openGolden("rand-d128-l3-v512-bf16");
  const wide: Checkpoint = { ...brain, stored: "F32" };
  assertEquals(await printOf(wide), await printOf(brain));
  const made = randomCheckpoint({ L: 3, D: 128, V: 512, type: "BF16" });
  assertEquals(await printOf(made), await printOf(brain));
});

Deno.test("fingerprint() never changes for a model", async () => {
  assertEquals(
    await printOf(await openGolden("rand-d128-l3-v512")),
    "db2a745e6745b317d065c0ce6cb91f08c480e75403ac59836f8bd45401591f38",
  );
});

Deno.test("fingerprint() sees one bit, the vocabulary, and where values are", async () => {
  const model = randomCheckpoint({ L: 1, D: 64, V: 8 });
  const prints = new Set([await printOf(model)]);
  for (const name of ["emb.weight", "blocks.0.att.w0", "head.weight"]) {
    prints.add(
      await printOf({
        ...model,
        async read(asked, rows): Promise<Float32Array<ArrayBuffer>> {
          const values = await model.read(asked, rows);
          if (asked === name) new Uint8Array(values.buffer)[0] ^= 1;
          return values;
        },
      }),
    );
  }
  prints.add(await printOf(model, new Uint8Array(32)));
  prints.add(
    await printOf({
      ...model,
      read: (name, rows) =>
        model.read(name.replace("ln1.weight", "ln2.weight"), rows),
    }),
  );
  assertEquals(prints.size, 6);
});

Deno.test("fingerprint() covers every tensor of DeepEmbed", async () => {
  const model = randomCheckpoint({ L: 1, D: 64, V: 8, deep: 8 });
  const prints = new Set([
    await printOf(model),
    await printOf(randomCheckpoint({ L: 1, D: 64, V: 8 })),
  ]);
  for (const n of ["_emb.weight", "_emb_x.weight", "0", "1", "2"]) {
    prints.add(
      await printOf({
        ...model,
        async read(asked, rows): Promise<Float32Array<ArrayBuffer>> {
          const values = await model.read(asked, rows);
          const last = values.buffer.byteLength - 4;
          if (asked === `blocks.0.ffn.s${n}`) {
            new Uint8Array(values.buffer)[last] ^= 1;
          }
          return values;
        },
      }),
    );
  }
  assertEquals(prints.size, 7);
});

Deno.test("fingerprint() never changes for a model with DeepEmbed", async () => {
  const model = randomCheckpoint({ L: 1, D: 64, V: 8, deep: 8 });
  assertEquals(
    await printOf(model),
    "be9364f0d2c93101f58acf9e3b76244816c10a295f09d30922babc95125ec88c",
  );
});

Deno.test("fingerprint() hashes more than one leaf", async () => {
  const big = randomCheckpoint({ L: 1, D: 64, V: 20_000 });
  assertNotEquals(
    await printOf(big),
    await printOf(randomCheckpoint({ L: 1, D: 64, V: 20_000, seed: 2 })),
  );
});

Deno.test("DigestedCheckpoint gives the fingerprint in whatever order it is read", async () => {
  const model = randomCheckpoint({ L: 3, D: 64, V: 20_000, type: "F16" });
  const expected = await printOf(model);
  const specs = tensorSpecs(model.shape);
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(fc.nat(specs.length - 1), fc.double(), fc.double()),
        { maxLength: 30 },
      ),
      async (asked) => {
        const digested = new DigestedCheckpoint(model);
        await Promise.all(asked.map(async ([i, a, b]) => {
          const { name, shape: [rows] } = specs[i];
          const ends = [a, b].map((x) =>
            Math.floor((Math.abs(x) % 1 || 0) * rows)
          );
          const from = Math.min(...ends), to = Math.max(...ends);
          const values = await digested.read(name, [from, to]);
          assertEquals(values, await model.read(name, [from, to]));
        }));
        const found = await digested.fingerprint(VOCABULARY);
        assertEquals(found.toHex(), expected);
      },
    ),
    { numRuns: 15 },
  );
});

for (
  const [name, open] of [
    ["wasm", () => Promise.resolve(wasmDevice({ threads: 1 }))],
    ["webgpu", () => openWebGpu({ force: true })],
  ] as const
) {
  Deno.test(`DigestedCheckpoint has read every value once it is on ${name}`, async () => {
    const model = randomCheckpoint({ L: 2, D: 128, V: 512, deep: 8 });
    let reads = 0;
    const digested = new DigestedCheckpoint({
      ...model,
      read(asked, rows): Promise<Float32Array<ArrayBuffer>> {
        reads++;
        return model.read(asked, rows);
      },
    });
    const device = await open();
    try {
      for (const quantization of ["none", "int8"] as const) {
        await device.load(digested, { lanes: 1, quantization });
        const before = reads;
        const found = await digested.fingerprint(VOCABULARY);
        assertEquals(found.toHex(), await printOf(model));
        assertEquals(reads, before);
      }
    } finally {
      await device.dispose();
    }
  });
}
