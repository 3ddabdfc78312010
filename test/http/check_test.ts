/**
 * Long lists and large bodies are looked at up to the first few faults.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { z } from "@hono/zod-openapi";
import { expectAmount } from "../../src/http/request/json_amount.ts";
import {
  check,
  checkInSteps,
  checkLeniently,
} from "../../src/http/request/schema_check.ts";
import { list, table } from "../../src/http/fields/long_lists.ts";
import { SchemaError } from "../../src/http/problem.ts";

/** The places that a check finds fault with. */
async function faultsOf(
  work: () => unknown,
): Promise<SchemaError["errors"]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SchemaError) return error.errors;
    throw error;
  }
  return [];
}

async function placesOf(work: () => unknown): Promise<string[]> {
  return (await faultsOf(work)).map(({ pointer }) => pointer);
}

Deno.test("list() is left after the first few faults", async () => {
  let seen = 0;
  const item = z.number().refine((n) => (seen++, n > 0), "is no size");
  const schema = z.strictObject({ sizes: list(item).max(1_000_000) });
  const sizes = Array(900_000).fill(0);
  const errors = await faultsOf(() => check({ sizes }, schema));
  assertEquals(errors.length, 32);
  assertEquals(errors[0], { pointer: "/sizes/0", detail: "is no size" });
  assertEquals(seen < 20_000, true, `${seen} were looked at`);

  const late = [...Array(999).fill(1), "x", 1];
  assertEquals(await placesOf(() => check({ sizes: late }, schema)), [
    "/sizes/999",
  ]);
  const fits = { sizes: Array(1000).fill(1) };
  assertEquals(check(fits, schema), fits);

  seen = 0;
  assertEquals(
    await placesOf(() => check({ sizes: Array(2_000_000) }, schema)),
    ["/sizes"],
  );
  assertEquals(seen, 0, "a list that is too long is not looked into");
});

Deno.test("table() is left after the first few faults", async () => {
  const schema = table(
    z.string().regex(/^\d+$/, "is no number"),
    z.number(),
    (key, value) => /^\d+$/.test(key) && typeof value === "number",
  );
  const entries = Array.from({ length: 60_000 }, (_, i) => [`x${i}`, 0]);
  const errors = await faultsOf(() =>
    check(Object.fromEntries(entries), schema)
  );
  assertEquals([errors.length, errors[0].pointer], [32, "/x0"]);
  assertEquals(await placesOf(() => check({ 1: 1, 2: "a" }, schema)), ["/2"]);
  assertEquals(check({ 1: 1 }, schema), { 1: 1 });
});

Deno.test("checkInSteps() checks a long conversation as check() does", async () => {
  const message = z.strictObject({ n: z.number() }).transform(({ n }) => n);
  const schema = z.strictObject({
    messages: list(message).min(1).max(10_000),
    more: z.number().default(7),
  }).transform((all) => ({ ...all, done: true }));
  const messages = Array.from({ length: 5000 }, (_, n) => ({ n }));
  for (const given of [{ messages }, { messages, more: 1 }]) {
    assertEquals(await checkInSteps(given, schema), check(given, schema));
  }
  const odd = messages.map((one) => one.n % 2000 ? one : { n: "x" });
  assertEquals(
    await placesOf(() => checkInSteps({ messages: odd, more: "y" }, schema)),
    [
      "/messages/0/n",
      "/more",
      "/messages/2000/n",
      "/messages/4000/n",
    ],
  );
  const spare = messages.map(({ n }) => ({ n, x: 1 }));
  const lenient = await checkLeniently({ messages: spare }, schema);
  assertEquals(lenient.ignored, ["messages[].x"]);
  assertEquals(lenient.value.messages.length, 5000);
});

for (
  const [what, json] of [
    ["values", `[${"0,".repeat(300_000)}`],
    ["members", `{${'"a":0,'.repeat(70_000)}}`],
    ["lists and objects", "[],".repeat(40_000)],
    ["lists and objects", "{},".repeat(40_000)],
    ["lists and objects inside one another", "[".repeat(600)],
  ]
) {
  Deno.test(`expectAmount() refuses too many ${what}: ${json.slice(0, 9)}…`, () => {
    let message = "";
    try {
      expectAmount(new TextEncoder().encode(json));
    } catch (error) {
      message = String(error);
    }
    assertMatch(message, new RegExp(`over \\d+ ${what}; send less at once$`));
  });
}

Deno.test("expectAmount() counts nothing inside texts", () => {
  const marks = String.raw`,[{:\"`.repeat(100_000);
  const many = JSON.stringify({ a: marks, b: [marks, "\\"] });
  expectAmount(new TextEncoder().encode(many));
  // What is not JSON is for the parser to say.
  expectAmount(new TextEncoder().encode('"'.repeat(1001)));
  expectAmount(new TextEncoder().encode("]".repeat(1000)));
});
