import { assertEquals, assertThrows } from "@std/assert";
import {
  decodePlainly,
  encodePlainly,
  fromBase64url,
  toBase64url,
} from "../../src/text/base64url.ts";
import { random } from "../support/random.ts";

Deno.test("encodePlainly() and decodePlainly() are the engine's own", () => {
  const next = random(9);
  for (const length of [0, 1, 2, 3, 4, 255, 16_384, 100_003]) {
    const bytes = Uint8Array.from({ length }, () => Math.floor(next() * 256));
    const text = encodePlainly(bytes);
    assertEquals(text, toBase64url(bytes));
    assertEquals(decodePlainly(text), bytes);
    assertEquals(fromBase64url(text), bytes);
  }
  for (const text of ["a", "a+b/", "ab==", "ü"]) {
    assertThrows(() => decodePlainly(text), { name: "SyntaxError" });
  }
});
