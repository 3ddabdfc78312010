import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  randomCheckpoint,
  randomTensors,
} from "../support/models/random_model.ts";
import { canonical } from "../../src/model/canonical_checkpoint.ts";
import { type Checkpoint, tensorSpecs } from "../../src/model/checkpoint.ts";
import { readPickle } from "../../src/model/pickle/pickle_machine.ts";
import { readPth } from "../../src/model/pickle/pth.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import {
  type PickledView,
  writePickle,
  writePth,
  Writer,
  writeZip,
} from "../support/models/write_pth.ts";

const MODEL = { L: 2, D: 64, V: 8, ranks: { w: 4, a: 5, v: 6, g: 7 } };

async function open(bytes: Uint8Array<ArrayBuffer>): Promise<Checkpoint> {
  return canonical(await readPth(bytesSource("m.pth", bytes)), "m.pth");
}

async function assertSame(found: Checkpoint, expected: Checkpoint) {
  assertEquals(found.shape, expected.shape);
  for (const { name } of tensorSpecs(expected.shape)) {
    assertEquals(await found.read(name), await expected.read(name), name);
  }
}

for (const type of ["F32", "F16", "BF16"] as const) {
  Deno.test(`readPth() reads ${type} storages`, async () => {
    const model = { ...MODEL, type };
    const found = await open(await writePth(randomTensors(model), type));
    assertEquals(found.stored, type);
    await assertSame(found, randomCheckpoint(model));
  });
}

for (const option of ["turned", "large", "wrapped", "parameters"]) {
  Deno.test(`readPth() reads a file that is ${option}`, async () => {
    const tensors = randomTensors({ ...MODEL, type: "BF16" });
    const bytes = await writePth(tensors, "BF16", { [option]: true });
    const expected = randomCheckpoint({ ...MODEL, type: "BF16" });
    await assertSame(await open(bytes), expected);
  });
}

const VIEW: PickledView = {
  name: "emb.weight",
  storage: "FloatStorage",
  key: "0",
  length: 4,
  offset: 0,
  shape: [2, 2],
  stride: [2, 1],
};
const DATA = ["m/data/0", new Uint8Array(16)] as const;

function fileOf(...views: PickledView[]): Uint8Array<ArrayBuffer> {
  return writeZip([["m/data.pkl", writePickle(views)], DATA]);
}

Deno.test("readPth() gives views of one storage their own values", async () => {
  const values = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
  const view = { ...VIEW, length: 6 };
  const bytes = writeZip([
    [
      "m/data.pkl",
      writePickle([
        view,
        { ...view, name: "b", offset: 2 },
        { ...view, name: "c", stride: [1, 2] },
        { ...view, name: "d", offset: 1, shape: [2], stride: [3] },
        { ...view, name: "e", shape: [1, 1, 6], stride: [99, 7, 1] },
      ]),
    ],
    ["m/data/0", values],
  ]);
  const tensors = await readPth(bytesSource("m.pth", bytes));
  const read = async (name: string, from: number, to: number) => [
    ...await tensors.get(name)?.values(from, to) ?? [],
  ];
  assertEquals(await read("emb.weight", 0, 4), [1, 2, 3, 4]);
  assertEquals(await read("b", 1, 4), [4, 5, 6]);
  assertEquals(await read("c", 0, 4), [1, 3, 2, 4]);
  assertEquals(await read("c", 1, 3), [3, 2]);
  assertEquals(await read("d", 0, 2), [2, 5]);
  assertEquals(await read("e", 4, 6), [5, 6]);
});

const DAMAGE: [string, PickledView, RegExp][] = [
  ["another type", { ...VIEW, storage: "DoubleStorage" }, /emb.*DoubleStorage/],
  ["a storage that is not there", { ...VIEW, key: "1" }, /storage 1 of tensor/],
  ["a storage of another size", { ...VIEW, length: 5 }, /is not 5 values/],
  ["a view beyond its storage", { ...VIEW, offset: 1 }, /larger than its/],
  ["a stride beyond its storage", { ...VIEW, stride: [3, 1] }, /larger than/],
  [
    "a stride of zero",
    { ...VIEW, shape: [99999, 2], stride: [0, 1] },
    /larger/,
  ],
  ["strides for other dimensions", { ...VIEW, stride: [1] }, /not described/],
];

for (const [what, view, message] of DAMAGE) {
  Deno.test(`readPth() refuses ${what}`, async () => {
    const source = bytesSource("m.pth", fileOf(view));
    await assertRejects(() => readPth(source), { name: "ModelError", message });
  });
}

const ARCHIVES: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
  ["an empty file", new Uint8Array(), /no directory/],
  ["a ZIP without a table", writeZip([DATA]), /without data\.pkl/],
  [
    "compressed entries",
    writeZip([DATA], { method: 8 }),
    /m\/data\/0 is compressed/,
  ],
  ["the same entry twice", writeZip([DATA, DATA]), /m\/data\/0 is there twice/],
  [
    "big-endian numbers",
    writeZip([
      ["m/data.pkl", writePickle([])],
      ["m/byteorder", new TextEncoder().encode("big")],
    ]),
    /byte order/,
  ],
  [
    "a table that is no dict",
    writeZip([["m/data.pkl", Uint8Array.of(0x80, 2, 0x4e, 0x2e)]]),
    /not a dict/,
  ],
  [
    "an entry that is no tensor",
    writeZip([[
      "m/data.pkl",
      new Writer().add("}X").numbers(4, 1).add("aK\x01s.").bytes(),
    ]]),
    /its table names no tensors/,
  ],
];

for (const [what, bytes, message] of ARCHIVES) {
  Deno.test(`readPth() refuses ${what}`, async () => {
    await assertRejects(() => readPth(bytesSource("m.pth", bytes)), {
      name: "ModelError",
      message,
    });
  });
}

Deno.test("readZip() refuses entries that overlap", async () => {
  const bytes = fileOf(VIEW);
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  const second = view.getUint32(end + 16, true) + 46 + "m/data.pkl".length;
  // The second entry claims to be where the first is.
  view.setUint32(second + 42, 0, true);
  await assertRejects(() => readPth(bytesSource("m.pth", bytes)), {
    code: "ERR_MODEL_CORRUPT",
    message: /overlaps/,
  });
});

const HOSTILE: [string, string | Uint8Array<ArrayBuffer>, RegExp][] = [
  ["os.system", "cos\nsystem\n(X\x02\0\0\0idtR.", /it wants os system/],
  ["builtins.eval", "cbuiltins\neval\n.", /it wants builtins eval/],
  ["torch.load", "ctorch\nload\n.", /it wants torch load/],
  ["a class as a storage", "ctorch\nFloatStorage\n)R.", /not one that PyTorch/],
  ["an instance", "(icollections\nOrderedDict\n.", /instruction 0x69/],
  ["what is left after the table", "}\u0063os\nsystem\n.", /it wants os/],
  ["an empty stack", ".", /its stack is empty/],
  ["a dict from nothing", "s.", /its stack is empty/],
  ["a mark that is missing", "t.", /a mark is missing/],
  ["a memo that is missing", "h\x07.", /a memo is missing/],
  ["a text beyond the end", "X\xff", /it is cut off/],
  ["a text of 4 GiB", Uint8Array.of(0x58, 255, 255, 255, 255), /it is cut off/],
  ["a name without end", "ctorch", /ends inside a name/],
  ["no end", "}", /it is cut off/],
  ["protocol 6", Uint8Array.of(0x80, 6, 0x2e), /protocol is above 5/],
  ["a long number", Uint8Array.of(0x8a, 8, 0, 0), /number is too large/],
  ["items for no dict", ")K\x01K\x02s.", /a dict is missing/],
  ["half an item", "}(K\x01u.", /a dict is missing/],
  ["a storage of anything", ")Q.", /a storage is not described/],
];

for (const [what, pickle, message] of HOSTILE) {
  Deno.test(`readPickle() refuses ${what}`, () => {
    const bytes = new Writer().add(pickle).bytes();
    assertThrows(() => readPickle(bytes, "m"), {
      code: "ERR_MODEL_CORRUPT",
      message,
    });
  });
}

Deno.test("readPickle() reads numbers of every size", () => {
  const bytes = new Writer().add("(K\x07")
    .numbers(1, 0x4d).numbers(2, 65535)
    .numbers(1, 0x4a).numbers(4, 2 ** 32 - 2)
    .numbers(1, 0x8a, 0).numbers(1, 0x8a, 1, 0xff)
    .numbers(1, 0x8a, 6).numbers(4, 1).numbers(2, 1)
    .add("t.").bytes();
  assertEquals(readPickle(bytes, "m"), [7, 65535, -2, 0, -1, 2 ** 32 + 1]);
});
