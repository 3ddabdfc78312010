import { assertEquals, assertStrictEquals } from "@std/assert";
import { StopTokens } from "../../src/engine/turn/stop_tokens.ts";
import { fakeTokenizer, token } from "../support/fake_device.ts";

const END = fakeTokenizer.end;

Deno.test("StopTokens.for() names the end and every token that contains a stop", () => {
  const stopTokens = new StopTokens(fakeTokenizer);
  assertEquals(stopTokens.for([]), new Set([END]));
  assertEquals(
    stopTokens.for([{ text: "\n\n", kept: true }]),
    new Set([token("\n\n"), token("\n\nUser"), END]),
  );
  assertEquals(
    stopTokens.for([{ text: "ab", kept: false }, { text: "é", kept: true }]),
    new Set([END, ...["é", "ab", "abc", "cab"].map(token)]),
  );
  assertEquals(stopTokens.for([{ text: "abca", kept: false }]), new Set([END]));
});

Deno.test("StopTokens.for() remembers what a template asks for in every turn", () => {
  const stopTokens = new StopTokens(fakeTokenizer);
  const stops = [{ text: "\n\n", kept: true }];
  assertStrictEquals(stopTokens.for(stops), stopTokens.for([...stops]));
});
