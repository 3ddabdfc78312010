/** Saves as files: what is beside the token, and whether it is all. */

import { assertEquals } from "@std/assert";
import { formatSaveFile, parseSaveFile } from "../../src/client/save_file.ts";

const STATE = "a.b.c.d.e";
const PAST = [{ user: "Hi", answer: "Yo" }];

const again = (partial?: boolean, past = PAST) =>
  parseSaveFile(
    formatSaveFile({
      ...{ name: "x", turn: {}, past, state: STATE },
      ...(partial !== undefined && { partial }),
    }),
    "x.save",
  );

Deno.test("a save file says whether its words are all that the save has read", () => {
  for (const partial of [undefined, false]) {
    const { past, partial: found } = again(partial);
    assertEquals([past, found], [PAST, undefined]);
  }
  assertEquals(again(true).partial, true);
  // No words, or too many to be kept, are not all.
  assertEquals(again(false, []).partial, true);
  assertEquals(parseSaveFile(STATE, "x.txt").partial, true);
  const many = again(false, Array(10_001).fill(PAST[0]));
  assertEquals([many.past.length, many.partial], [10_000, true]);
});
