import { assertEquals } from "@std/assert";
import { TokenBytes } from "../../src/text/token_bytes.ts";

Deno.test("TokenBytes gives back every token, however many and long", () => {
  const list = Array.from(
    { length: 10_000 },
    (_, i) => Array.from({ length: i % 97 }, (_, k) => (i + k) % 256),
  );
  const tokens = new TokenBytes(list);
  assertEquals(tokens.size, list.length);
  assertEquals(tokens.bytes, list.flat().length);
  assertEquals(Array.from(tokens, (token) => [...token]), list);
});

Deno.test("TokenBytes has no bytes for what is no token", () => {
  const tokens = new TokenBytes([[], [1, 2], [3]]);
  for (const token of [0, 3, 4095, 4096, -1, 0.5, NaN, Infinity]) {
    assertEquals([...tokens.of(token)], []);
  }
  assertEquals([...tokens.of(2)], [3]);
  assertEquals([...new TokenBytes().of(0)], []);
});
