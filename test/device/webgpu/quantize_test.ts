import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BLOCK_COLUMNS,
  quantizeRows,
} from "../../../src/device/webgpu/quantize.ts";
import { random, uniform } from "../../support/random.ts";

const weights = Float32Array.from(
  uniform(64 * BLOCK_COLUMNS, [-1, 1], random(1)),
);

for (const [bits, half] of [[8, 0.5], [4, 1.2]] as const) {
  Deno.test(`quantizeRows() stays within ${half} steps at ${bits} bits`, () => {
    const { values, scales } = quantizeRows(weights, bits);
    for (let i = 0; i < weights.length; i++) {
      const scale = scales[Math.floor(i / BLOCK_COLUMNS)];
      const error = Math.abs(values[i] * scale - weights[i]);
      // f16 rounds a scale by up to 2⁻¹¹, and the value with it.
      assert(error <= half * Math.abs(scale) + 2 ** -11, `${i}: ${error}`);
    }
  });
}

Deno.test("quantizeRows() keeps zeros and what is on its grid", () => {
  const exact = Float32Array.from(
    { length: 2 * BLOCK_COLUMNS },
    (_, i) => i < BLOCK_COLUMNS ? 0 : (i % 16 - 8) / 4,
  );
  const { values, scales } = quantizeRows(exact, 4);
  assertEquals([...scales], [0, 0.25]);
  assertEquals(
    Array.from(values, (q, i) => q * scales[Math.floor(i / BLOCK_COLUMNS)] + 0),
    Array.from(exact),
  );
});

Deno.test("quantizeRows() makes scales that f16 holds", () => {
  for (const bits of [8, 4] as const) {
    const { scales } = quantizeRows(weights, bits);
    for (const scale of scales) assertEquals(Math.f16round(scale), scale);
  }
});

Deno.test("quantizeRows() refuses part of a block", () => {
  assertThrows(() => quantizeRows(new Float32Array(33), 8), {
    name: "RangeError",
    message: "Cannot quantise weights: 33 is not a multiple of 32",
  });
});

Deno.test("quantizeRows() gives blocks of any size a scale each", () => {
  const weights = Float32Array.from(
    { length: 128 },
    (_, i) => i < 64 ? 1 : 1 / 64,
  );
  for (const block of [16, 64]) {
    const { values, scales } = quantizeRows(weights, 8, block);
    assertEquals(scales.length, 128 / block);
    assertEquals(values, new Int8Array(128).fill(127));
  }
  assertEquals(quantizeRows(weights, 8, 128).values[127], 2);
});
