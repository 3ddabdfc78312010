import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  effortOf,
  hinted,
  thinks,
  ThoughtSplitter,
  type ThoughtStart,
} from "../../src/chat/thought/thinking.ts";

/** What a splitter makes of a text that comes in these pieces. */
function split(start: ThoughtStart, pieces: string[]) {
  const splitter = new ThoughtSplitter(start);
  const parts = [...pieces.map((piece) => splitter.push(piece))];
  const { thinking } = splitter;
  parts.push(splitter.finish());
  return {
    reasoning: parts.map(({ reasoning }) => reasoning).join(""),
    text: parts.map(({ text }) => text).join(""),
    thinking,
  };
}

Deno.test("ThoughtSplitter tells thought from answer", () => {
  assertEquals(split("opened", [">\nSo.\n\nHm. \n</think>\nFour."]), {
    reasoning: "So.\n\nHm.",
    text: "Four.",
    thinking: false,
  });
});

Deno.test("ThoughtSplitter does not care how the text is cut", () => {
  const whole = ">\nIs 1 < 2? Yes </thin k\n\n</think>\n\nIt is </think>.";
  const cuts = fc.array(fc.nat(whole.length), { maxLength: 12 });
  fc.assert(fc.property(cuts, (cuts) => {
    const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
    const pieces = at.slice(1).map((end, i) => whole.slice(at[i], end));
    assertEquals(split("opened", pieces), {
      reasoning: "Is 1 < 2? Yes </thin k",
      text: "It is </think>.",
      thinking: false,
    });
  }));
});

Deno.test("ThoughtSplitter knows that a thought was cut off", () => {
  assertEquals(split("opened", [">\nSo", " </th"]), {
    reasoning: "So </th",
    text: "",
    thinking: true,
  });
});

Deno.test("ThoughtSplitter drops the end of a tag that closed at once", () => {
  assertEquals(split("closed", [">", "\n", "Four."]).text, "Four.");
  assertEquals(split("none", [" Four."]).text, " Four.");
});

Deno.test("ThoughtSplitter finds the thought that a model opens by itself, however cut", () => {
  const whole = "\n<think>\nHm.\n</think>\n\nFour.";
  for (let at = 0; at <= whole.length; at++) {
    const pieces = [whole.slice(0, at), whole.slice(at)];
    assertEquals(split("maybe", pieces), {
      reasoning: "Hm.",
      text: "Four.",
      thinking: false,
    });
  }
  for (const text of ["Four.", " <thin ice", "\n<", ""]) {
    assertEquals(split("maybe", [...text]).text, text);
  }
});

Deno.test("effortOf() lets the template's own variable decide", () => {
  const asked = (effort: "none" | "low" | undefined, enable?: boolean) =>
    effortOf(
      { id: "rwkv7-g1d-0.4b" },
      effort,
      enable === undefined ? {} : { enable_thinking: enable },
    );
  assertEquals(
    [
      asked(undefined),
      asked("low"),
      asked("low", false),
      asked("low", true),
      asked(undefined, true),
      asked("none", true),
    ],
    ["none", "low", "none", "low", "medium", "medium"],
  );
  const plain = { id: "gosling" };
  assertEquals(effortOf(plain, "high", { enable_thinking: true }), "none");
});

Deno.test("hinted tells how much to think at the end of the user's message", () => {
  const messages = [{ role: "user" as const, content: "2 + 2? " }];
  assertEquals(hinted(messages, "low")[0]?.content, "2 + 2? (think a bit)");
  assertEquals(hinted(messages, "high")[0]?.content, "2 + 2? (think a lot)");
  assertEquals(hinted(messages, "minimal"), messages);
});

Deno.test("thinks knows the models that were trained to", () => {
  for (const name of ["rwkv7-g1d-0.4b-20260210-ctx8192", "rwkv7-g0a-7.2b"]) {
    assertEquals([name, thinks({ id: name })], [name, true]);
  }
  for (const name of ["gosling", "rwkv7-world-1.5b", "big1"]) {
    assertEquals([name, thinks({ id: name })], [name, false]);
  }
});

Deno.test("thinks asks the template before the name", () => {
  assertEquals(thinks({ id: "other", template: { thinks: true } }), true);
  assertEquals(thinks({ id: "x-g1-y", template: { thinks: false } }), false);
  assertEquals(thinks({ id: "x-g1-y", template: {} }), true);
});
