import { assert, assertEquals } from "@std/assert";
import { philox, uniformAt } from "../../src/text/philox.ts";

const F = 0xffffffff;

// Known answers of Random123 1.14, tests/kat_vectors, lines "philox4x32 10".
Deno.test("philox() gives Random123's known answers", () => {
  assertEquals(
    philox([0, 0, 0, 0], [0, 0]),
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  );
  assertEquals(
    philox([F, F, F, F], [F, F]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assertEquals(
    philox(
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
    ),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

Deno.test("uniformAt() takes the upper 24 bits of the first word", () => {
  assertEquals(uniformAt(0, [0, 0]), 0x6627e8 / 2 ** 24);
});

Deno.test("uniformAt() counts positions beyond 32 bits", () => {
  const [word] = philox([7, 1, 0, 0], [3, 4]);
  assertEquals(uniformAt(2 ** 32 + 7, [3, 4]), (word >>> 8) / 2 ** 24);
});

Deno.test("uniformAt() is uniform over positions", () => {
  const bins = new Array<number>(64).fill(0);
  const draws = 64_000;
  for (let i = 0; i < draws; i++) bins[Math.floor(uniformAt(i, [1, 2]) * 64)]++;
  const expected = draws / bins.length;
  const chi = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 63 degrees of freedom: 99.9 % of such sums are below 103.
  assert(chi < 103, `chi-square ${chi}`);
});
