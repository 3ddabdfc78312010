import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomTensors, safetensors } from "../support/models/random_model.ts";
import { canonical } from "../../src/model/canonical_checkpoint.ts";
import { type StoredType, tensorSpecs } from "../../src/model/checkpoint.ts";
import { readSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import { volume } from "../../src/model/stored_tensor.ts";
import { GOLDENS, openGolden } from "../support/goldens.ts";

const MODEL = { L: 2, D: 64, V: 8, ranks: { w: 4, a: 5, v: 6, g: 7 } };

async function fileOf(
  change: (header: Record<string, Entry>) => void,
  type: StoredType = "F32",
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await Array.fromAsync(safetensors(randomTensors(MODEL), type));
  const header = JSON.parse(new TextDecoder().decode(parts[1]));
  change(header);
  return await assemble(JSON.stringify(header), parts.slice(2));
}

interface Entry {
  dtype: unknown;
  shape: unknown;
  data_offsets: unknown;
}

async function assemble(
  header: string,
  parts: readonly Uint8Array<ArrayBuffer>[],
  length = BigInt(new TextEncoder().encode(header).length),
): Promise<Uint8Array<ArrayBuffer>> {
  const size = new BigUint64Array([length]);
  return await new Blob([size, header, ...parts]).bytes();
}

Deno.test("readSafetensors() reads every type of matrix", async () => {
  for (
    const [file, stored] of [
      ["rand-d128-l3-v512", "F32"],
      ["rand-d128-l3-v512-f16", "F16"],
      ["rand-d128-l3-v512-bf16", "BF16"],
    ] as const
  ) {
    const checkpoint = await openGolden(file);
    assertEquals(checkpoint.stored, stored);
    assertEquals(checkpoint.shape, {
      L: 3,
      D: 128,
      H: 2,
      F: 512,
      V: 512,
      ranks: { w: 32, a: 32, v: 32, g: 32 },
    });
    for (const { name, shape } of tensorSpecs(checkpoint.shape)) {
      assertEquals((await checkpoint.read(name)).length, volume(shape));
    }
  }
});

Deno.test("readSafetensors() widens without loss", async () => {
  const exact = await openGolden("rand-d128-l3-v512");
  const name = "blocks.1.ffn.key.weight";
  const values = await exact.read(name, [3, 5]);
  const half = await openGolden("rand-d128-l3-v512-f16");
  assertEquals(
    await half.read(name, [3, 5]),
    new Float32Array(new Float16Array(values)),
  );
  const brain = await openGolden("rand-d128-l3-v512-bf16");
  const rounded = await brain.read(name, [3, 5]);
  rounded.forEach((value, i) => {
    assert(Math.abs(value - values[i]) <= 2 ** -8 * Math.abs(values[i]));
    assertEquals(new Uint32Array(rounded.buffer)[i] & 0xffff, 0);
  });
});

Deno.test("readSafetensors() reads 1 byte at a time the same as all", async () => {
  const bytes = await Deno.readFile(
    `${GOLDENS}rand-d128-l3-v512-f16.safetensors`,
  );
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const source = bytesSource("shifted", shifted.subarray(1));
  const odd = canonical(await readSafetensors(source), source.name);
  const even = await openGolden("rand-d128-l3-v512-f16");
  assertEquals(await odd.read("emb.weight"), await even.read("emb.weight"));
});

const DAMAGE: [string, (header: Record<string, Entry>) => void, RegExp][] = [
  ["a type it does not know", (header) => {
    header["head.weight"].dtype = "I64";
  }, /head\.weight.*I64/],
  ["no type", (header) => {
    header["head.weight"].dtype = 7;
  }, /head\.weight has no dtype/],
  ["a shape that is no list", (header) => {
    header["ln_out.bias"].shape = "64";
  }, /ln_out\.bias has no shape/],
  ["a negative size", (header) => {
    header["ln_out.bias"].shape = [-64];
  }, /ln_out\.bias.*-64 is not a size/],
  ["a fraction of a size", (header) => {
    header["ln_out.bias"].shape = [0.5];
  }, /ln_out\.bias.*0\.5 is not a size/],
  ["a shape that disagrees with the bytes", (header) => {
    header["ln_out.bias"].shape = [65];
  }, /ln_out\.bias is F32 \[65\]/],
  ["three offsets", (header) => {
    header["ln_out.bias"].data_offsets = [0, 256, 512];
  }, /ln_out\.bias/],
  ["offsets beyond the end", (header) => {
    header["ln_out.bias"].data_offsets = [2 ** 40, 2 ** 40 + 256];
  }, /ln_out\.bias needs bytes up to/],
  ["overlapping tensors", (header) => {
    header["ln_out.bias"].data_offsets = header["ln_out.weight"].data_offsets;
  }, /ln_out\.(bias|weight) overlaps/],
  ["a hole", (header) => {
    delete header["ln_out.bias"];
  }, /bytes before tensor head\.weight are no tensor's/],
  ["bytes left over", (header) => {
    delete header["head.weight"];
  }, /bytes at the end are no tensor's/],
  ["an entry that is null", (header) => {
    Object.assign(header, { "ln_out.bias": null });
  }, /ln_out\.bias has no dtype/],
];

for (const [what, change, message] of DAMAGE) {
  Deno.test(`readSafetensors() refuses ${what}`, async () => {
    const source = bytesSource("x.safetensors", await fileOf(change));
    await assertRejects(() => readSafetensors(source), {
      name: "ModelError",
      message,
    });
  });
}

Deno.test("readSafetensors() refuses a file cut anywhere", async () => {
  const bytes = await fileOf(() => {});
  for (const size of [0, 7, 8, 100, 20_000, bytes.length - 1]) {
    const source = bytesSource("cut", bytes.subarray(0, size));
    await assertRejects(() => readSafetensors(source), {
      code: "ERR_MODEL_CORRUPT",
      message: /cut/,
    });
  }
});

Deno.test("readSafetensors() refuses headers that are none", async () => {
  const data = [new Uint8Array(64)];
  const files = [
    await assemble("{}", data, 2n ** 63n),
    await assemble("{}", data, 67n),
    await assemble("[]", []),
    await assemble("null", []),
    await assemble("{", []),
    await assemble("", []),
  ];
  for (const bytes of files) {
    await assertRejects(() => readSafetensors(bytesSource("bad", bytes)), {
      code: "ERR_MODEL_CORRUPT",
      message: /bad/,
    });
  }
});
