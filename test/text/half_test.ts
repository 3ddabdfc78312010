import { assertEquals } from "@std/assert";
import {
  loadHalves,
  loadPlainly,
  storeHalves,
  storePlainly,
} from "../../src/text/half.ts";
import { random } from "../support/random.ts";

Deno.test("loadPlainly() reads all 65,536 halves as Float16Array does", () => {
  const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const plain = new Float32Array(halves.length);
  const native = new Float32Array(halves.length);
  loadPlainly(halves, plain, 0);
  loadHalves(halves, native);
  assertEquals([...plain], [...native]); // every NaN is one
});

Deno.test("storePlainly() rounds as Float16Array does", () => {
  const next = random(3);
  const words = Uint32Array.from(
    { length: 200_000 },
    () => Math.floor(next() * 2 ** 32),
  );
  // Every half, and what lies between two: one f32 below, at and above the tie.
  const ties = Float32Array.from({ length: 3 * 31_744 }, (_, i) => {
    const half = Math.floor(i / 3);
    const pair = new Float32Array(2);
    loadPlainly(Uint16Array.of(half, half + 1), pair, 0);
    const tie = new Float32Array([
      Number.isFinite(pair[1]) ? (pair[0] + pair[1]) / 2 : 65_520,
    ]);
    new Uint32Array(tie.buffer)[0] += i % 3 - 1;
    return tie[0];
  });
  for (
    const values of [
      new Float32Array(words.buffer),
      ties,
      ties.map((x) => -x),
      Float32Array.of(
        0,
        -0,
        Infinity,
        -Infinity,
        65_519,
        65_520,
        1e-8,
        2 ** -25,
      ),
    ]
  ) {
    const finite = values.filter((x) => !Number.isNaN(x));
    const plain = new Uint16Array(finite.length);
    const native = new Uint16Array(finite.length);
    storePlainly(finite, plain, 0);
    storeHalves(finite, native);
    assertEquals(plain, native);
  }
  const nan = new Uint16Array(1);
  storePlainly(Float32Array.of(NaN), nan, 0);
  assertEquals(nan[0] & 0x7c00, 0x7c00);
  assertEquals((nan[0] & 0x3ff) > 0, true);
});
