import { assert, assertEquals } from "@std/assert";
import { BLOCK_TYPES } from "../../src/model/gguf/gguf_blocks.ts";
import {
  packK,
  packQ4,
  packQ5,
  packQ6K,
  packQ8,
  packQ8K,
  toQ4K,
  toQ8,
} from "../support/models/gguf_blocks.ts";
import { random, uniform } from "../support/random.ts";

function unpack(name: string, bytes: Uint8Array<ArrayBuffer>): number[] {
  const type = BLOCK_TYPES.values().find((type) => type.name === name);
  if (type === undefined) throw new Error(`Cannot find ${name}`);
  assertEquals(bytes.length, type.bytes);
  const out = new Float32Array(type.values);
  type.unpack(new DataView(bytes.buffer), 0, out, 0);
  return [...out];
}

/** Numbers of so many bits, in no order that a mistake could share. */
function numbers(length: number, bits: number, seed: number): number[] {
  const next = random(seed);
  return Array.from({ length }, () => Math.floor(next() * 2 ** bits));
}

/** 2.5 and −0.75 as f16, low byte first. */
const D = [0x00, 0x41], M = [0x00, 0xba];

Deno.test("BLOCK_TYPES unpack single numbers", () => {
  assertEquals(unpack("F32", Uint8Array.of(0, 0, 0x20, 0xc0)), [-2.5]);
  assertEquals(unpack("F16", Uint8Array.from(D)), [2.5]);
  assertEquals(unpack("BF16", Uint8Array.of(0x20, 0xc0)), [-2.5]);
});

Deno.test("BLOCK_TYPES unpack bytes worked out by hand", () => {
  const bytes = new Array(16).fill(0x80);
  bytes[0] = 0xf1;
  // 0xf1: number 0 is 1, number 16 is 15. 0x80: 0 and 8.
  const q4 = unpack("Q4_0", Uint8Array.from([...D, ...bytes]));
  assertEquals([q4[0], q4[1], q4[16], q4[17]], [-17.5, -20, 17.5, 0]);
  const q41 = unpack("Q4_1", Uint8Array.from([...D, ...M, ...bytes]));
  assertEquals([q41[0], q41[1], q41[16], q41[17]], [1.75, -0.75, 36.75, 19.25]);
  // Fifth bits of numbers 1 and 16.
  const fifth = [0x02, 0, 0x01, 0];
  const q5 = unpack("Q5_0", Uint8Array.from([...D, ...fifth, ...bytes]));
  assertEquals([q5[0], q5[1], q5[16], q5[17]], [-37.5, 0, 37.5, -20]);
  const q51 = unpack("Q5_1", Uint8Array.from([...D, ...M, ...fifth, ...bytes]));
  assertEquals([q51[0], q51[1], q51[16]], [1.75, 39.25, 76.75]);
  const q8 = unpack("Q8_0", Uint8Array.from([...D, ...bytes, ...bytes]));
  assertEquals([q8[0], q8[1]], [-37.5, -320]);
});

Deno.test("BLOCK_TYPES unpack superblocks worked out by hand", () => {
  // Scales s₀ = 3 and s₅ = 0b10_0001, minima t₀ = 2 and t₅ = 0b01_0011.
  const scales = [3, 0b10 << 6, 0, 0, 2, 0b01 << 6, 0, 0, 0, 0x31, 0, 0];
  const q4 = new Uint8Array(144);
  q4.set([...D, ...M, ...scales]);
  q4[16] = 7; // part 0, number 0
  q4[16 + 64 + 31] = 0x90; // part 5, number 31
  const parts4 = unpack("Q4_K", q4);
  assertEquals(parts4[0], 2.5 * 3 * 7 + 0.75 * 2);
  assertEquals(parts4[1], 0.75 * 2);
  assertEquals(parts4[32 * 5 + 31], 2.5 * 33 * 9 + 0.75 * 19);
  assertEquals(parts4[32 * 5], 0.75 * 19);
  const q5 = new Uint8Array(176);
  q5.set(q4.subarray(0, 16));
  q5[16 + 31] = 1 << 5;
  q5[48 + 64 + 31] = 0x90;
  assertEquals(unpack("Q5_K", q5)[32 * 5 + 31], 2.5 * 33 * 25 + 0.75 * 19);
  const q6 = new Uint8Array(210);
  q6[64 + 32 + 9] = 0xc0; // upper half, run 3, number 9
  q6[128 + 32 + 9] = 0b1000_0000;
  q6[192 + 8 + 6] = 0xfe;
  q6.set(D, 208);
  assertEquals(unpack("Q6_K", q6)[128 + 96 + 9], 2.5 * -2 * (12 + 32 - 32));
});

Deno.test("BLOCK_TYPES unpack every number where it was packed", () => {
  const d = 0.375, m = -1.25;
  const small = numbers(32, 4, 1), middle = numbers(32, 5, 2);
  assertEquals(unpack("Q4_0", packQ4(small, d)), small.map((q) => d * (q - 8)));
  assertEquals(
    unpack("Q4_1", packQ4(small, d, m)),
    small.map((q) => d * q + m),
  );
  assertEquals(
    unpack("Q5_0", packQ5(middle, d)),
    middle.map((q) => d * (q - 16)),
  );
  assertEquals(
    unpack("Q5_1", packQ5(middle, d, m)),
    middle.map((q) => d * q + m),
  );
  const bytes = numbers(32, 8, 3).map((q) => q - 128);
  assertEquals(unpack("Q8_0", packQ8(bytes, d)), bytes.map((q) => d * q));
  const scales = { d, m, s: numbers(8, 6, 4), t: numbers(8, 6, 5) };
  for (const [name, bits] of [["Q4_K", 4], ["Q5_K", 5]] as const) {
    const q = numbers(256, bits, 6);
    assertEquals(
      unpack(name, packK(q, scales, bits === 5)),
      q.map((q, i) => d * scales.s[i >> 5] * q - m * scales.t[i >> 5]),
    );
  }
  const six = numbers(256, 6, 7).map((q) => q - 32);
  const s = numbers(16, 8, 8).map((q) => q - 128);
  assertEquals(
    unpack("Q6_K", packQ6K(six, d, s)),
    six.map((q, i) => d * s[i >> 4] * q + 0),
  );
  const wide = numbers(256, 8, 9).map((q) => q - 128);
  assertEquals(unpack("Q8_K", packQ8K(wide, d)), wide.map((q) => d * q));
});

Deno.test("toQ8() and toQ4K() round what BLOCK_TYPES unpack", () => {
  const values = Float32Array.from(uniform(256, [-0.5, 0.25], random(1)));
  for (
    const [name, bytes, limit] of [
      ["Q8_0", toQ8(values.subarray(0, 32)), 0.5 / 127],
      ["Q4_K", toQ4K(values), 0.75 / 15],
    ] as const
  ) {
    unpack(name, bytes).forEach((value, i) => {
      assert(Math.abs(value - values[i]) < limit, `${value} for ${values[i]}`);
    });
  }
});
