import { assertEquals, assertStrictEquals } from "@std/assert";
import { Halts } from "../../src/engine/turn/halts.ts";
import { fakeTokenizer, token } from "../support/fake_device.ts";

const END = fakeTokenizer.end;

Deno.test("Halts.for() names the end and every token that contains a stop", () => {
  const halts = new Halts(fakeTokenizer);
  assertEquals(halts.for([]), new Set([END]));
  assertEquals(
    halts.for([{ text: "\n\n", kept: true }]),
    new Set([token("\n\n"), token("\n\nUser"), END]),
  );
  assertEquals(
    halts.for([{ text: "ab", kept: false }, { text: "é", kept: true }]),
    new Set([END, ...["é", "ab", "abc", "cab"].map(token)]),
  );
  assertEquals(halts.for([{ text: "abca", kept: false }]), new Set([END]));
});

Deno.test("Halts.for() remembers what a template asks for in every turn", () => {
  const halts = new Halts(fakeTokenizer);
  const stops = [{ text: "\n\n", kept: true }];
  assertStrictEquals(halts.for(stops), halts.for([...stops]));
});
