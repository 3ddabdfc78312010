import { assertEquals, assertNotEquals } from "@std/assert";
import { checksum } from "../../src/model/packed/checksum.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i * 7 % 256);

Deno.test("checksum() is the sums that its formula says", () => {
  const sums = [1n, 2n, 3n, 4n];
  const words = new Uint32Array(Uint8Array.of(...bytes, ...Array(12)).buffer);
  words.forEach((word, i) => {
    const sum = sums[i % 4];
    const turned = BigInt.asUintN(32, sum << 13n) | sum >> 19n;
    sums[i % 4] = BigInt.asUintN(32, (turned ^ BigInt(word)) * 0x9e3779b1n);
  });
  const expected = new Uint8Array(Uint32Array.from(sums, Number).buffer);
  assertEquals(checksum(bytes), expected.toHex());
});

Deno.test("checksum() shows every bit, and every two words that changed places", () => {
  const sum = checksum(bytes);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const other = bytes.slice();
    other[bit >> 3] ^= 1 << (bit & 7);
    assertNotEquals(checksum(other), sum);
  }
  for (let i = 0; i < 25; i++) {
    for (let j = 0; j < i; j++) {
      const words = new Uint32Array(bytes.slice().buffer);
      [words[i], words[j]] = [words[j], words[i]];
      assertNotEquals(checksum(new Uint8Array(words.buffer)), sum);
    }
  }
});

Deno.test("checksum() shows two highest bits that changed in the same sum", () => {
  const other = bytes.slice();
  other[3] ^= 0x80;
  other[19] ^= 0x80;
  assertNotEquals(checksum(other), checksum(bytes));
});
