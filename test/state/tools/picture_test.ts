import { assertEquals } from "@std/assert";
import { picture } from "../../../src/state/analysis/layer_picture.ts";

const SHAPE = { L: 2, D: 64 };

function drawn(values: Float32Array, layer: number) {
  // Only what a picture is made of.
  const file = { save: { values }, format: { shape: SHAPE } };
  return picture(file as unknown as Parameters<typeof picture>[0], layer);
}

Deno.test("picture puts a layer's matrices in steps of its largest value", () => {
  const values = new Float32Array(2 * 64 * 66);
  const matrix = values.subarray(64 * 66 + 64, 64 * 66 + 64 + 64 * 64);
  matrix[0] = -4;
  matrix[65] = 2;
  const found = drawn(values, 1);
  assertEquals(found?.largest, 4);
  assertEquals(found?.heads[0]?.[0], -127);
  assertEquals(found?.heads[0]?.[65], 64);
  assertEquals(found?.heads[0]?.[1], 0);
});

Deno.test("picture of a blank layer is blank, and of no layer is none", () => {
  const values = new Float32Array(2 * 64 * 66);
  assertEquals(drawn(values, 0)?.largest, 0);
  assertEquals(drawn(values, 0)?.heads[0], new Int8Array(64 * 64));
  assertEquals(drawn(values, 2), undefined);
});
