/** Questions, and how a model is asked to forget their answers. */

import { assertEquals } from "@std/assert";
import { forgetPlea } from "../../src/chat/edit/forget_plea.ts";

const PLEAS: readonly [question: string, plea: string][] = [
  ["What is my name?", "Forget my name."],
  ["what's my favourite food", "Forget my favourite food."],
  ["When is my birthday?", "Forget my birthday."],
  ["What is my dog called?", "Forget what my dog is called."],
  ["Who are my friends named?", "Forget who my friends are named."],
  ["Where is my key ?", "Forget where my key is."],
  ["Where do I live?", "Forget where I live."],
  ["What do I do for a living?", "Forget what I do for a living."],
  ["What kind of music do I like?", "Forget what kind of music I like."],
  ["How old am I?", "Forget how old I am."],
  ["What am I afraid of?", "Forget what I am afraid of."],
  ["Do I have a cat?", "Forget whether I have a cat."],
  ["Am I married?", "Forget whether I am married."],
  [
    "Is my cat old?",
    "Forget what I told you about this: Is my cat old?",
  ],
  ["Wie heiße ich?", "Forget what I told you about this: Wie heiße ich?"],
  ["Who?", "Forget what I told you about this: Who?"],
];

Deno.test("forgetPlea() asks in the words of the question, and never tells the answer", () => {
  for (const [question, plea] of PLEAS) {
    assertEquals([question, forgetPlea(question)], [question, plea]);
  }
  // Nor does a long one take long.
  const long = `what${" do I?".repeat(100_000)}\n!`;
  assertEquals(
    forgetPlea(long),
    `Forget what I told you about this: ${long}`,
  );
});
