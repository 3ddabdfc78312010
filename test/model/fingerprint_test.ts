import { assertEquals, assertNotEquals } from "@std/assert";
import { randomCheckpoint } from "../../bench/random_model.ts";
import type { Checkpoint } from "../../src/model/checkpoint.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
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
