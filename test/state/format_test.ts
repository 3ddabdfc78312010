import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StateError } from "../../src/errors.ts";
import { CODEC_NAMES } from "../../src/state/codec.ts";
import {
  decodeSave,
  encodeSave,
  readSave,
} from "../../src/state/save_format.ts";
import type { Save } from "../../src/state/save.ts";
import {
  exampleFormat,
  exampleNote,
  exampleSave,
  stateOf,
  states,
} from "./support.ts";

const SAVES = new URL("../fixtures/saves/", import.meta.url);
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

for (const codec of CODEC_NAMES) {
  Deno.test(`decodeSave() reads the ${codec} file of version 1`, async () => {
    const file = await Deno.readFile(new URL(`v1.${codec}.save`, SAVES));
    const format = exampleFormat(), expected = exampleSave();
    const { values, ...rest } = decodeSave(file, format);
    const { values: _, ...expectedRest } = expected;
    assertEquals(rest, {
      ...expectedRest,
      counts: new Map([...expected.counts].sort(([a], [b]) => a - b)),
    });
    if (codec === "exact") {
      assertEquals(values, expected.values);
    } else {
      const again = encodeSave(expected, format, codec, exampleNote);
      assertEquals(again.bytes, file);
      const loaded = { ...rest, values };
      const resaved = encodeSave(loaded, format, codec, exampleNote);
      assertEquals(resaved.bytes, file);
    }
    assertEquals(readSave(file).note, exampleNote);
    assertEquals(readSave(file).codec, codec);
  });
}

Deno.test("encodeSave() writes the documented bytes", () => {
  const { bytes } = encodeSave(
    exampleSave(),
    exampleFormat(),
    "int4",
    exampleNote,
  );
  const fixed = [
    "474f534c494e4700", // magic
    "0100", // version
    "05", // int4
    "01", // turn open
    "01000000", // L
    "40000000", // D
    "400a0000", // 2624 bytes
    "0500000001000000", // position
    exampleFormat().fingerprint.toHex(),
    exampleSave().chain.toHex(),
    "efbeadde07000000", // seed
    "02000000", // unread
    "03000000", // counts
    "03", // UTF-8
    "0d", // engine
    "0f", // device
    "00",
    "80090000", // 2432 bytes of values
    "00420000", // 16896 when decoded
    "00000000",
    "ffff00000a000000", // unread
    "070000000000803f0c0000000000e03f409c00000000003f", // counts
    "f09f8e", // the first three bytes of an emoji
    new TextEncoder().encode("gosling 0.1.0wasm, 2 threads").toHex(),
    "00", // padding
  ].join("");
  assertEquals(bytes.subarray(0, fixed.length / 2).toHex(), fixed);
  assertEquals(bytes.length, fixed.length / 2 + 2432);
});

Deno.test("encodeSave() writes equal saves as equal bytes, and decodeSave() undoes it", () => {
  const property = fc.property(
    states(),
    fc.record({
      position: fc.nat({ max: 2 ** 48 }),
      unread: fc.array(u32, { maxLength: 5 }),
      seed: fc.tuple(u32, u32),
      counts: fc.uniqueArray(
        fc.tuple(
          u32,
          fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }),
        ),
        { selector: ([token]) => token },
      ),
      utf8: fc.uint8Array({ maxLength: 3 }),
      chat: fc.record({
        open: fc.boolean(),
        thinking: fc.boolean(),
        told: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      }, {
        noNullPrototype: true,
        requiredKeys: ["open", "thinking"],
      }),
      chain: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(...CODEC_NAMES),
    (recipe, about, fingerprint, codec) => {
      const { values, shape } = stateOf(recipe);
      const format = { fingerprint, shape };
      const save: Save = { ...about, values, counts: new Map(about.counts) };
      const shuffled = {
        ...save,
        counts: new Map(about.counts.toReversed()),
      };
      const { bytes } = encodeSave(save, format, codec);
      assertEquals(encodeSave(shuffled, format, codec).bytes, bytes);
      const { values: _, counts, utf8, ...rest } = decodeSave(bytes, format);
      assertEquals(rest.position, save.position);
      assertEquals([...utf8], [...save.utf8]);
      assertEquals(
        new Map(counts),
        new Map([...save.counts].sort(([a], [b]) => a - b)),
      );
      assertEquals(rest.seed, save.seed);
      assertEquals(rest.unread, save.unread);
      assertEquals(rest.chat, save.chat);
      assertEquals(rest.chain.toHex(), save.chain.toHex());
    },
  );
  fc.assert(property, { numRuns: 300 });
});

for (
  const [field, value, expected] of [
    ["L", { L: 2, D: 64 }, "its L is 1, this model's is 2"],
    ["D", { L: 1, D: 128 }, "its D is 64, this model's is 128"],
  ] as const
) {
  Deno.test(`decodeSave() refuses a save of another ${field}`, () => {
    const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int8");
    assertThrows(
      () => decodeSave(bytes, { ...exampleFormat(), shape: value }),
      {
        code: "ERR_STATE_MISMATCH",
        message: `Cannot use save: ${expected}`,
      },
    );
  });
}

Deno.test("decodeSave() refuses a save of another fingerprint", () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int8");
  const fingerprint = new Uint8Array(32);
  assertThrows(() => decodeSave(bytes, { ...exampleFormat(), fingerprint }), {
    code: "ERR_STATE_MISMATCH",
    message:
      `Cannot use save: its fingerprint is ${exampleFormat().fingerprint.toHex()}, this model's is ${fingerprint.toHex()}`,
  });
});

/** What each damage is, and what the reader says of it. */
const DAMAGE: readonly [
  what: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
  message: string,
][] = [
  ["no bytes", () => new Uint8Array(), "0 bytes, expected at least 128"],
  ["a part", (b) => b.subarray(0, 127), "127 bytes, expected at least 128"],
  [
    "another magic",
    set(6, 0x48),
    "byte 0 begins 474f534c494e4800, expected 474f534c494e4700",
  ],
  ["a later version", set(8, 3), "version is 3, expected 1 or 2"],
  ["no such codec", set(10, 6), "codec at byte 10 is 6, expected 0 to 5"],
  ["no such phase", set(11, 4), "chat phase at byte 11 is 4, expected 0 to 3"],
  ["no layer", set(12, 0), "L at byte 12 is 0, expected at least 1"],
  [
    "a width of 65",
    set(16, 65),
    "D at byte 16 is 65, expected a multiple of 64",
  ],
  [
    "other sizes",
    set(12, 2),
    "size of decoded values at byte 120 is 16896, expected 33792",
  ],
  [
    "the end cut off",
    (b) => b.subarray(0, -1),
    "length at byte 20 is 2624, expected 2623",
  ],
  [
    "a byte too many",
    (b) => Uint8Array.from([...b, 0]),
    "length at byte 20 is 2624, expected 2625",
  ],
  [
    "a huge position",
    set(30, 0x20),
    "position at byte 24 is 9007203549708293, expected at most 2^48",
  ],
  [
    "a reserved byte",
    set(115, 1),
    "reserved byte at byte 115 is 1, expected 0",
  ],
  [
    "4 bytes of a character",
    set(112, 4),
    "number of UTF-8 bytes at byte 112 is 4, expected 0 to 3",
  ],
  [
    "values too short",
    set(116, 0x81),
    "size of int4 values at byte 116 is 2433, expected 2432",
  ],
  [
    "4097 unread tokens",
    (b) => set(105, 0x10)(set(104, 1)(b)),
    "number of unread tokens at byte 104 is 4097, expected 0 to 4096",
  ],
  ["more tokens", set(104, 3), "sections end at byte 2628, expected 2624"],
  [
    "counts beyond the end",
    set(111, 0xff),
    "sections end at byte 34225523264, expected 2624",
  ],
  [
    "a token beyond the vocabulary",
    set(130, 1),
    "token at byte 128 is 131071, expected below 65536",
  ],
  [
    "counts out of order",
    set(144, 6),
    "token at byte 144 is 6, expected above 7",
  ],
  [
    "a negative count",
    set(143, 0xbf),
    "count at byte 140 is -1, expected 0 or more",
  ],
  [
    "an infinite count",
    (b) => set(143, 0x7f)(set(142, 0x80)(b)),
    "count at byte 140 is Infinity, expected 0 or more",
  ],
  ["padding", set(191, 1), "padding at byte 191 is 1, expected 0"],
];

for (const [what, change, message] of DAMAGE) {
  Deno.test(`decodeSave() refuses ${what}`, () => {
    const file = encodeSave(
      exampleSave(),
      exampleFormat(),
      "int4",
      exampleNote,
    ).bytes;
    assertThrows(
      () => decodeSave(change(file), exampleFormat()),
      {
        name: "StateError",
        code: "ERR_STATE_UNREADABLE",
        message: `Cannot read save: ${message}`,
      },
    );
  });
}

Deno.test("readSave() refuses a few bytes that would decode to gigabytes", () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "exact");
  const view = new DataView(bytes.buffer);
  view.setUint32(12, 100_000, true);
  view.setUint32(120, 100_000 * 16896, true);
  assertThrows(() => readSave(bytes), {
    code: "ERR_STATE_UNREADABLE",
    message:
      "Cannot read save: values would take 1689600000 bytes, expected at most 268435456",
  });
});

Deno.test("readSave() refuses compressed values that grow beyond a state", () => {
  const large = {
    ...exampleSave(),
    values: new Float32Array(4 * 16896),
  };
  const format = { ...exampleFormat(), shape: { L: 16, D: 64 } };
  const { bytes } = encodeSave(large, format, "exact");
  const view = new DataView(bytes.buffer);
  view.setUint32(12, 1, true);
  view.setUint32(120, 16896, true);
  assertThrows(() => readSave(bytes), {
    code: "ERR_STATE_UNREADABLE",
    message:
      "Cannot decode state: its compressed values are damaged or exceed 16896 bytes",
  });
});

Deno.test("readSave() refuses bytes after compressed values: a save has one spelling", () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "exact");
  for (
    const more of [[0], [0x28, 0xb5, 0x2f, 0xfd], [0x50, 0x2a, 0x4d, 0x18]]
  ) {
    const longer = new Uint8Array([...bytes, ...more]);
    const view = new DataView(longer.buffer);
    view.setUint32(20, longer.length, true);
    view.setUint32(116, view.getUint32(116, true) + more.length, true);
    assertThrows(() => readSave(longer), {
      code: "ERR_STATE_UNREADABLE",
      message:
        /^Cannot decode state: its \d+ bytes of compressed values are a frame of \d+$/,
    });
  }
});

Deno.test("readSave() refuses a state larger than it is told, before it decodes it", () => {
  const { bytes } = encodeSave(exampleSave(), exampleFormat(), "int8");
  const { L, D } = exampleFormat().shape;
  const size = 4 * L * D * 66;
  assertEquals(readSave(bytes, size).codec, "int8");
  assertThrows(() => readSave(bytes, size - 1), {
    code: "ERR_STATE_UNREADABLE",
    message:
      `Cannot read save: values would take ${size} bytes, expected at most ${
        size - 1
      }`,
  });
});

Deno.test("readSave() throws nothing but ERR_STATE_UNREADABLE, whatever the bytes", () => {
  const files = CODEC_NAMES.map((codec) =>
    encodeSave(exampleSave(), exampleFormat(), codec, exampleNote).bytes
  );
  const edits = fc.array(
    fc.tuple(
      // Two edits in three hit the header and the small sections.
      fc.oneof(fc.nat(127), fc.nat(191), fc.nat(20_000)),
      fc.nat(255),
    ),
    { minLength: 1, maxLength: 4 },
  );
  const property = fc.property(
    fc.constantFrom(...files),
    edits,
    fc.option(fc.nat(20_000), { freq: 5 }),
    (file, changes, cut) => {
      const bytes = file.slice(0, cut ?? file.length);
      for (const [at, byte] of changes) bytes[at % file.length] = byte;
      try {
        const { save } = readSave(bytes);
        assertEquals(save.values.every(Number.isFinite), true);
      } catch (error) {
        assertEquals(
          error instanceof StateError && error.code,
          "ERR_STATE_UNREADABLE",
        );
      }
    },
  );
  fc.assert(property, { numRuns: 50_000 });
});

for (
  const [field, wrong] of Object.entries({
    position: { position: -1 },
    unread: { unread: [1.5] },
    seed: { seed: [0, 2 ** 32] },
    counts: { counts: new Map([[1, NaN]]) },
    utf8: { utf8: new Uint8Array(4) },
    chain: { chain: new Uint8Array(31) },
  }) as [string, Partial<Save>][]
) {
  Deno.test(`encodeSave() refuses a ${field} that does not fit`, () => {
    const save = { ...exampleSave(), ...wrong };
    assertThrows(() => encodeSave(save, exampleFormat(), "int8"), {
      name: "RangeError",
      message: `Cannot write save: its ${field} does not fit`,
    });
  });
}

Deno.test("encodeSave() writes 4096 unread tokens and no more", () => {
  const write = (length: number) => {
    const unread = new Array<number>(length).fill(7);
    const save = { ...exampleSave(), unread };
    return encodeSave(save, exampleFormat(), "int4").bytes;
  };
  assertEquals(readSave(write(4096)).save.unread.length, 4096);
  assertThrows(() => write(4097), {
    name: "RangeError",
    message: "Cannot write save: its unread does not fit",
  });
});

function set(
  at: number,
  byte: number,
): (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> {
  return (bytes) => bytes.with(at, byte);
}
