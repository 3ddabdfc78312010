import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  AnswerStart,
  BLANK_PHASE,
  clean,
  phaseAfterText,
  renderChat,
} from "../../src/chat/template/world_form.ts";

const OPEN = { open: true, thinking: false };

Deno.test("renderChat writes a whole conversation and stops before the answer's space", () => {
  const { text, phase } = renderChat(
    [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello!" },
      { role: "user", content: "Who are you?" },
    ],
    BLANK_PHASE,
    true,
  );
  assertEquals(
    text,
    "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello!\n\n" +
      "User: Who are you?\n\nAssistant:",
  );
  assertEquals(phase, OPEN);
});

Deno.test("renderChat ends an answer that was cut off before it goes on", () => {
  const { text } = renderChat([{ role: "user", content: "Hi" }], OPEN, true);
  assertEquals(text, "\n\nUser: Hi\n\nAssistant:");
});

Deno.test("renderChat leaves history closed that nobody is to answer", () => {
  const { text, phase } = renderChat(
    [{ role: "system", content: "Be brief." }],
    BLANK_PHASE,
    false,
  );
  assertEquals(text, "System: Be brief.\n\n");
  assertEquals(phase, BLANK_PHASE);
});

Deno.test("renderChat readies the answer to a user even if none is drawn yet", () => {
  const { text, phase } = renderChat(
    [{ role: "user", content: "Hi" }],
    BLANK_PHASE,
    false,
  );
  assertEquals(text, "User: Hi\n\nAssistant:");
  assertEquals(phase, OPEN);
});

Deno.test("renderChat writes an empty message without a trailing space", () => {
  assertEquals(
    renderChat([{ role: "user", content: " \n" }], BLANK_PHASE, true).text,
    "User:\n\nAssistant:",
  );
});

Deno.test("clean joins what would end a turn", () => {
  assertEquals(clean("\r\na\r\n\r\n\r\nb\n\nc \n"), "a\nb\nc");
});

Deno.test("clean leaves no message that could speak for somebody else", () => {
  const text = fc.string({
    unit: fc.constantFrom("\r", "\n", " ", "User:", "a"),
  });
  fc.assert(fc.property(text, (content) => {
    const { text } = renderChat(
      [{ role: "user", content }],
      BLANK_PHASE,
      true,
    );
    assertEquals(text.split("\n\n").length, 2);
    assert(text.startsWith("User:") && text.endsWith("\n\nAssistant:"));
  }));
});

Deno.test("phaseAfterText remembers whether the last turn was ended", () => {
  assertEquals(phaseAfterText(BLANK_PHASE, "Once upon"), OPEN);
  assertEquals(phaseAfterText(OPEN, "a time.\n\n"), BLANK_PHASE);
  assertEquals(phaseAfterText(OPEN, ""), OPEN);
});

Deno.test("AnswerStart takes one space off the first piece alone", () => {
  const start = new AnswerStart(true);
  assertEquals([" ", " Hello", " you"].map((piece) => start.trim(piece)), [
    "",
    " Hello",
    " you",
  ]);
  assertEquals(new AnswerStart(false).trim(" on"), " on");
});
