import { assertEquals, assertNotEquals } from "@std/assert";
import { blankChain, extendChain } from "../../src/state/token_chain.ts";

Deno.test("extendChain() hashes the chain and each token, little-endian", async () => {
  let expected = new Uint8Array(32);
  for (const token of [0, 261, 65535, 2 ** 32 - 1]) {
    const link = new Uint8Array(36);
    link.set(expected);
    new DataView(link.buffer).setUint32(32, token, true);
    expected = new Uint8Array(await crypto.subtle.digest("SHA-256", link));
  }
  assertEquals(
    extendChain(blankChain(), [0, 261, 65535, 2 ** 32 - 1]),
    expected,
  );
});

Deno.test("extendChain() does not care how a text is cut, but for its order", () => {
  const whole = extendChain(blankChain(), [1, 2, 3]);
  const parts = extendChain(extendChain(blankChain(), [1]), [2, 3]);
  assertEquals(parts, whole);
  assertEquals(extendChain(whole, []), whole);
  assertNotEquals(extendChain(blankChain(), [2, 1, 3]), whole);
});
