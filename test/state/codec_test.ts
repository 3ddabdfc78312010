import { atOnce } from "../../src/steps.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StateError } from "../../src/errors.ts";
import { stateLength } from "../../src/model/shape.ts";
import {
  CODEC_NAMES,
  decodeValues,
  encodedSize,
  encodeValues,
} from "../../src/state/codec.ts";
import { toPlanes } from "../../src/state/codec_exact.ts";
import type { CodecName } from "../../src/state/save.ts";
import { golden, goldenCodecs, sha256, stateOf, states } from "./support.ts";

/** What the reference calls them. */
const REFERENCE = {
  exact: "planes32",
  f16: "f16",
  int10: "rows10h",
  int8: "rows8h",
  int6: "rows6h",
  int4: "rows4h",
} satisfies Record<CodecName, string>;

const lossy = CODEC_NAMES.filter((codec) => codec !== "exact");

for (const codec of CODEC_NAMES) {
  for (const prompt of ["lm128.text2000", "lm128.hello", "rand.t200"]) {
    const name = `${prompt}.${REFERENCE[codec]}`;
    Deno.test(`encodeValues() agrees with the reference on ${name}`, async () => {
      const { values, shape } = await golden(prompt);
      const { bytes, sha256: hash, decoded_f32_sha256 } =
        (await goldenCodecs())[name];
      const encoded = encodeValues(values, codec, shape);
      const plain = codec === "exact"
        ? atOnce(toPlanes(values, shape))
        : encoded.bytes;
      assertEquals(encoded.codec, codec);
      assertEquals(plain.length, bytes);
      assertEquals(await sha256(plain), hash);
      const decoded = decodeValues(encoded.bytes, codec, shape);
      assertEquals(await sha256(decoded), decoded_f32_sha256);
    });
  }

  Deno.test(`encodeValues() writes again what it read, by ${codec}`, () => {
    const property = fc.property(states(), (recipe) => {
      const { values, shape } = stateOf(recipe);
      const first = encodeValues(values, codec, shape);
      const decoded = decodeValues(first.bytes, first.codec, shape);
      const second = encodeValues(decoded, codec, shape);
      assertEquals(second.codec, first.codec);
      assertEquals(second.bytes, first.bytes);
      assertEquals(
        bits(decodeValues(second.bytes, second.codec, shape)),
        bits(decoded),
      );
      if (first.codec === "exact") assertEquals(bits(decoded), bits(values));
    });
    fc.assert(property, { numRuns: 400 });
  });

  Deno.test(`decodeValues() refuses ${codec} bytes of another size`, () => {
    const shape = { L: 1, D: 64 };
    const { bytes } = encodeValues(
      new Float32Array(stateLength(shape)),
      codec,
      shape,
    );
    const longer = new Uint8Array(encodedSize(codec, shape).bytes + 1);
    for (const wrong of [longer, bytes.subarray(1), new Uint8Array()]) {
      assertThrows(
        () => decodeValues(wrong, codec, shape),
        { name: "StateError", code: "ERR_STATE_UNREADABLE" },
      );
    }
  });

  for (const value of [NaN, Infinity, -Infinity]) {
    Deno.test(`encodeValues() refuses ${value} by ${codec}`, () => {
      const values = new Float32Array(stateLength({ L: 1, D: 64 }));
      values[70] = value;
      assertThrows(() => encodeValues(values, codec, { L: 1, D: 64 }), {
        code: "ERR_STATE_UNREADABLE",
        message: `Cannot encode state: value 70 is ${value}`,
      });
    });
  }
}

for (const codec of lossy) {
  for (const [what, at] of [["shift", 3], ["matrix", 70]] as const) {
    Deno.test(`encodeValues() falls back to exact when a ${what} exceeds ${codec}`, () => {
      const shape = { L: 1, D: 64 };
      const values = new Float32Array(stateLength(shape));
      values[at] = what === "shift" ? 65520 : 2 ** 120;
      const { codec: used, bytes } = encodeValues(values, codec, shape);
      assertEquals(used, "exact");
      assertEquals(decodeValues(bytes, used, shape), values);
    });
  }

  Deno.test(`encodeValues() falls back to exact when sums overflow ${codec}`, () => {
    const shape = { L: 1, D: 64 };
    const values = Float32Array.from(
      { length: stateLength(shape) },
      (_, i) => i % 3 === 0 ? 3e38 : -2e38,
    );
    const { codec: used, bytes } = encodeValues(values, codec, shape);
    assertEquals(used, "exact");
    assertEquals(decodeValues(bytes, used, shape), values);
  });

  Deno.test(`decodeValues() refuses infinities in ${codec} bytes`, () => {
    const shape = { L: 1, D: 64 };
    const { bytes } = encodeValues(
      new Float32Array(stateLength(shape)),
      codec,
      shape,
    );
    for (const at of [0, bytes.length - 2]) {
      const broken = bytes.slice();
      broken.fill(0x7f, at, at + 4);
      assertThrows(
        () => decodeValues(broken, codec, shape),
        (error) =>
          error instanceof StateError && error.code === "ERR_STATE_UNREADABLE",
      );
    }
  });
}

Deno.test("encodedSize() keeps a 0.1B state below 0.66 MB in int8, 0.36 MB in int4", () => {
  const shape = { L: 12, D: 768 };
  assert(encodedSize("int8", shape).bytes <= 0.66e6);
  assert(encodedSize("int4", shape).bytes <= 0.36e6);
});

Deno.test("decodeValues() reads bytes at any place in memory", () => {
  const shape = { L: 1, D: 64 };
  const values = Float32Array.from(
    { length: stateLength(shape) },
    (_, i) => i % 17 - 8,
  );
  for (const codec of CODEC_NAMES) {
    const { bytes } = encodeValues(values, codec, shape);
    const moved = new Uint8Array(bytes.length + 3).subarray(3);
    moved.set(bytes);
    assertEquals(
      decodeValues(moved, codec, shape),
      decodeValues(bytes, codec, shape),
    );
  }
});

/** To tell zeros of different signs apart. */
function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
