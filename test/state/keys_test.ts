import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatKey, parseKeys, randomKey } from "../../src/state/state_keys.ts";
import { exampleKey } from "./support.ts";

const secret = formatKey(exampleKey("a")).slice(2);

Deno.test("parseKeys() reads a list in its order", () => {
  const keys = [exampleKey("b"), exampleKey("a.2_x-Y")];
  assertEquals(parseKeys(keys.map(formatKey).join(",")), keys);
  assertEquals(parseKeys(`\n${keys.map(formatKey).join(" ,\n")}\n`), keys);
});

Deno.test("parseKeys() takes secrets with padding", () => {
  assertEquals(parseKeys(`a:${secret}=`), [exampleKey("a")]);
});

Deno.test("randomKey() makes keys that parseKeys() reads, never twice the same", () => {
  const first = randomKey(), second = randomKey();
  assertEquals(parseKeys(formatKey(first)), [first]);
  assert(first.kid !== second.kid);
  assert(first.secret.toHex() !== second.secret.toHex());
});

for (
  const [what, text, found] of [
    ["nothing", " ,\n", "the list is empty"],
    [
      "a secret alone",
      secret,
      "entry 1 does not begin with a name and a colon",
    ],
    [
      "an empty name",
      `a:${secret},:${secret}`,
      "entry 2 does not begin with a name and a colon",
    ],
    [
      "a strange name",
      `a/b:${secret}`,
      "entry 1 does not begin with a name and a colon",
    ],
    [
      "another alphabet",
      `a:${secret.slice(1)}+`,
      "the secret of a is not base64url",
    ],
    ["a short secret", "a:AAAA", "the secret of a has 3 bytes, expected 32"],
    [
      "a long secret",
      `a:${secret}${secret}`,
      "the secret of a has 64 bytes, expected 32",
    ],
    [
      "one name twice",
      `a:${secret},a:${secret}`,
      "two keys have the same name",
    ],
  ] as const
) {
  Deno.test(`parseKeys() refuses ${what}, and does not repeat it`, () => {
    assertThrows(() => parseKeys(text), (error) => {
      assert(error instanceof Error && error.name === "ConfigError");
      assertEquals(
        error.message.slice(0, error.message.indexOf(";")),
        `Cannot read state keys: ${found}`,
      );
      assert(!error.message.includes(secret.slice(1, 9)));
      return true;
    });
  });
}
