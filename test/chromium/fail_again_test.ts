import { assertEquals, assertThrows } from "@std/assert";
import * as deno from "../support/assert.ts";
import * as page from "./assert.ts";
import { failAgain } from "./fail_again.ts";

type Assertions = Pick<
  typeof page,
  "assert" | "assertEquals" | "assertMatch" | "assertNotEquals" | "assertThrows"
>;

const FAILING: Readonly<Record<string, (a: Assertions) => void>> = {
  "a falsy value": ({ assert }) => assert(0),
  "a falsy value, with a message": ({ assert }) =>
    assert(null, "there is none"),
  "arrays": ({ assertEquals }) => assertEquals([1, [2, -0]], [1, [2, 0]]),
  "typed arrays": ({ assertEquals }) =>
    assertEquals(Float32Array.of(1, NaN), Float32Array.of(2, NaN), "logits"),
  "maps of sets": ({ assertEquals }) =>
    assertEquals(new Map([[1, new Set([2])]]), new Map([[1, new Set([3])]])),
  "equal objects": ({ assertNotEquals }) => assertNotEquals({ a: 1 }, { a: 1 }),
  "a pattern": ({ assertMatch }) => assertMatch("abc", /d/),
  "no error": ({ assertThrows }) => assertThrows(() => {}, { name: "Error" }),
  "another error": ({ assertThrows }) =>
    assertThrows(() => {
      throw new RangeError("Cannot bind x");
    }, { name: "RangeError", message: "Cannot bind y" }),
};

for (const [what, fail] of Object.entries(FAILING)) {
  Deno.test(`a page's failure reads as Deno's: ${what}`, () => {
    const here = thrown(() => fail(deno));
    const there = page.failureOf(thrown(() => fail(page)));
    const again = thrown(() => failAgain(there));
    assertEquals([again.name, again.message], [here.name, here.message]);
  });
}

Deno.test("a page's failure that is no assertion keeps its name and its place", () => {
  const failure = page.failureOf(new TypeError("Cannot read x"));
  assertThrows(() => failAgain(failure), {
    name: "TypeError",
    message: "Cannot read x",
  });
});

function thrown(work: () => void): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("Nothing was thrown");
}
