import { assertEquals, assertRejects } from "@std/assert";
import { canonical } from "../../src/model/canonical_checkpoint.ts";
import { tensorSpecs } from "../../src/model/checkpoint.ts";
import { readGguf } from "../../src/model/gguf/gguf.ts";
import { readGgufModel } from "../../src/model/gguf/gguf_model.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import { GOLDENS, openGolden } from "../support/goldens.ts";
import { packQ8 } from "../support/models/gguf_blocks.ts";
import {
  type GgufTensor,
  type Key,
  llamaKeys,
  writeGguf,
} from "../support/models/write_gguf.ts";
import { Writer } from "../support/models/write_pth.ts";

Deno.test("readGgufModel() reads a file that llama.cpp reads", async () => {
  const name = "rand-d128-l3-v512-f16.gguf";
  const source = bytesSource(name, await Deno.readFile(GOLDENS + name));
  const { tensors, lora, vocabulary } = await readGgufModel(source);
  const found = canonical(tensors, name, lora);
  const exact = await openGolden("rand-d128-l3-v512");
  const rounded = await openGolden("rand-d128-l3-v512-f16");
  assertEquals(found.shape, exact.shape);
  assertEquals(vocabulary?.size, 512);
  for (const { name } of tensorSpecs(exact.shape)) {
    // Its converter rounds matrices, but neither vectors nor the decay's LoRA.
    const isRounded = /weight$|[avg][12]$/.test(name) && !/ln/.test(name);
    const expected = await (isRounded ? rounded : exact).read(name);
    assertEquals(await found.read(name), expected, name);
  }
});

Deno.test("readGguf() reads keys of every type", async () => {
  const keys = {
    text: [8, "é"],
    yes: [7, true],
    u32: [4, 2 ** 32 - 1],
    i32: [5, 7],
    f32: [6, 0.5],
    u64: [10, 2 ** 40],
    list: [9, [1, 2, 3], 4],
    texts: [9, ["a", ""], 8],
  } as const satisfies Record<string, Key>;
  const bytes = writeGguf(keys, [], 2);
  const found = await readGguf(bytesSource("m.gguf", bytes));
  for (const [key, [, value]] of Object.entries(keys)) {
    assertEquals(found.keys.get(key), value);
  }
  const raw = new Writer().add("GGUF").numbers(4, 3).numbers(8, 0, 7);
  const add = (key: string, type: number, ...bytes: number[]) =>
    raw.numbers(8, key.length).add(key).numbers(4, type).numbers(1, ...bytes);
  add("u8", 0, 200);
  add("i8", 1, 200);
  add("u16", 2, 0, 200);
  add("i16", 3, 0, 200);
  add("i64", 11, 254, 255, 255, 255, 255, 255, 255, 255);
  add("f64", 12, 0, 0, 0, 0, 0, 0, 0xe0, 0xbf);
  add("no", 7, 0);
  const { keys: small } = await readGguf(bytesSource("m.gguf", raw.bytes()));
  assertEquals([...small.values()], [200, -56, 51200, -14336, -2, -0.5, false]);
});

Deno.test("readGguf() reads some blocks of many", async () => {
  const data = new Writer();
  for (let block = 0; block < 6; block++) {
    data.add(packQ8(Array.from({ length: 32 }, (_, i) => i - block), 0.5));
  }
  const tensor = { name: "t", shape: [3, 64], type: 8, data: data.bytes() };
  const { tensors } = await readGguf(
    bytesSource("m.gguf", writeGguf({}, [tensor])),
  );
  const found = tensors.get("t");
  assertEquals(found?.shape, [3, 64]);
  const all = await found?.values(0, 192) ?? new Float32Array();
  assertEquals([all[0], all[33], all[191]], [0, 0, 13]);
  for (const [from, to] of [[64, 128], [32, 64], [5, 70], [191, 192], [7, 7]]) {
    assertEquals(await found?.values(from, to), all.slice(from, to));
  }
});

const TENSOR: GgufTensor = {
  name: "t",
  shape: [2, 32],
  type: 8,
  data: new Uint8Array(68),
};

/** A file whose last table entry and data are as given. */
function table(offset: number, ...more: number[]): Uint8Array<ArrayBuffer> {
  const out = new Writer().add("GGUF").numbers(4, 3).numbers(8, 2, 0);
  out.numbers(8, 1).add("a").numbers(4, 1).numbers(8, 8).numbers(4, 0)
    .numbers(8, 0);
  out.numbers(8, 1).add(offset < 0 ? "a" : "b").numbers(4, 1).numbers(8, 8)
    .numbers(4, 0).numbers(8, Math.max(offset, 32), ...more);
  return out.add(new Uint8Array(128)).bytes();
}

const DAMAGE: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
  ["another file", new Writer().add("GGUX").numbers(4, 3).bytes(), /not GGUF/],
  ["version 1", writeGguf({}, [], 1), /GGUF version 1/],
  ["version 4", writeGguf({}, [], 4), /GGUF version 4/],
  ["an empty file", new Uint8Array(), /header does not end within 0/],
  [
    "a type it does not read",
    writeGguf({}, [{ ...TENSOR, type: 10 }]),
    /t of m\.gguf.*Q2_K, and F32, /,
  ],
  [
    "a type that does not exist",
    writeGguf({}, [{ ...TENSOR, type: 99 }]),
    /number 99/,
  ],
  [
    "part of a block",
    writeGguf({}, [{ ...TENSOR, shape: [2, 31] }]),
    /t is \[2,31\], not whole blocks of 32/,
  ],
  [
    "five dimensions",
    writeGguf({}, [{ ...TENSOR, shape: [1, 1, 1, 2, 32] }]),
    /t has 5 dimensions/,
  ],
  [
    "a tensor cut off",
    writeGguf({}, [{ ...TENSOR, shape: [9, 32] }]),
    /t needs bytes up to/,
  ],
  [
    "a tensor too large to count",
    writeGguf({}, [{ ...TENSOR, shape: [2 ** 52, 2 ** 52, 32] }]),
    /t needs bytes up to/,
  ],
  ["a tensor beyond the end", table(2 ** 40), /b needs bytes up to/],
  [
    "tensors that overlap",
    writeGguf({}, [{ ...TENSOR, shape: [4, 32] }, { ...TENSOR, name: "u" }]),
    /u overlaps/,
  ],
  ["a tensor twice", table(-1), /tensor a is there twice/],
  [
    "an alignment of nothing",
    writeGguf({ "general.alignment": [4, 0] }, []),
    /alignment is 0/,
  ],
  [
    "a list of lists",
    new Writer().add("GGUF").numbers(4, 3).numbers(8, 0, 1, 1).add("k").numbers(
      4,
      9,
      9,
    ).numbers(8, 1).bytes(),
    /a list holds lists/,
  ],
  [
    "a list without end",
    new Writer().add("GGUF").numbers(4, 3).numbers(8, 0, 1, 1).add("k").numbers(
      4,
      9,
      4,
    ).numbers(8, 2 ** 50).bytes(),
    /does not end/,
  ],
  [
    "a text without end",
    new Writer().add("GGUF").numbers(4, 3).numbers(8, 0, 1, 2 ** 50).bytes(),
    /does not end/,
  ],
  [
    "a size beyond all",
    new Writer().add("GGUF").numbers(4, 3, -1, -1, -1, -1).bytes(),
    /a size is 18446744073709551615/,
  ],
  [
    "a value of no type",
    new Writer().add("GGUF").numbers(4, 3).numbers(8, 0, 1, 1).add("k").numbers(
      4,
      13,
    ).bytes(),
    /type 13/,
  ],
  [
    "a key twice",
    new Writer().add("GGUF").numbers(4, 3).numbers(8, 0, 2, 1).add("k").numbers(
      4,
      4,
      1,
    ).numbers(8, 1).add("k").numbers(4, 4, 1).bytes(),
    /key k is there twice/,
  ],
];

for (const [what, bytes, message] of DAMAGE) {
  Deno.test(`readGguf() refuses ${what}`, async () => {
    await assertRejects(() => readGguf(bytesSource("m.gguf", bytes)), {
      name: "ModelError",
      message,
    });
  });
}

const KEYS: [string, Record<string, Key>, RegExp][] = [
  [
    "RWKV-6",
    { "general.architecture": [8, "rwkv6"] },
    /architecture is rwkv6, not/,
  ],
  [
    "ARWKV",
    { "general.architecture": [8, "arwkv7"] },
    /architecture is arwkv7/,
  ],
  ["a part of a model", { "split.count": [4, 3] }, /one of 3 parts; join/],
  [
    "another epsilon",
    { "rwkv7.attention.layer_norm_epsilon": [6, 1e-6] },
    /epsilon is/,
  ],
  [
    "another tokenizer",
    { "tokenizer.ggml.model": [8, "gpt2"] },
    /tokenizer is gpt2/,
  ],
  [
    "tokens that are no list",
    { "tokenizer.ggml.tokens": [8, "a"] },
    /not a list/,
  ],
  [
    "tokens that are no text",
    { "tokenizer.ggml.tokens": [9, [0, 1], 4] },
    /token 1 is 1/,
  ],
  ["an escape that is none", {
    "tokenizer.ggml.tokens": [9, ["<s>", "\\q"], 8],
  }, /token 1 is "\\\\q"/],
  [
    "an empty token",
    { "tokenizer.ggml.tokens": [9, ["<s>", ""], 8] },
    /token 1 is ""/,
  ],
];

for (const [what, change, message] of KEYS) {
  Deno.test(`readGgufModel() refuses ${what}`, async () => {
    const bytes = writeGguf({ ...llamaKeys(300), ...change }, []);
    await assertRejects(() => readGgufModel(bytesSource("m.gguf", bytes)), {
      name: "ModelError",
      message,
    });
  });
}

Deno.test("readGgufModel() needs no vocabulary in the file", async () => {
  const { "tokenizer.ggml.tokens": _, ...keys } = llamaKeys(300);
  const bytes = writeGguf(keys, []);
  const { vocabulary } = await readGgufModel(bytesSource("m.gguf", bytes));
  assertEquals(vocabulary, undefined);
});
