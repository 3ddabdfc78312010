/** What counts as saying an answer, and which of its words give the fact away. */

import { assertEquals } from "@std/assert";
import {
  saysAnswer,
  termsOfWords,
  unforeseenWords,
  wordsOfText,
} from "../../src/chat/edit/fact_words.ts";

const SAID: readonly [text: string, answer: string, said: boolean][] = [
  ["Your name is Dave.", "Dave", true],
  ["Your name is Dave.", "dave", true],
  ["Your name is DAVE!", "Your name is Dave.", true],
  ["It is Dave's.", "Dave", true],
  ["Hello, Davesty!", "Dave", false],
  ["I do not know that.", "no", false],
  ["No, I do not.", "no", true],
  ["You are 42 years old.", "4", false],
  ["You are 4.", " 4 ", true],
  ["Davey, Dave", "Dave", true],
  ["It is a cafe\u0301.", "café", true],
  // Scripts without cases have no spaces between words.
  ["你叫小明。", "小明", true],
  ["Тебя зовут Дэйв.", "дэйв", true],
  ["🦆", "🦆", true],
  ["C++ it is.", "C++", true],
  ["What?!", "?!", true],
  ["anything", " ", false],
  ["", "Dave", false],
];

Deno.test("saysAnswer() finds whole words, in any case, whatever is around them", () => {
  for (const [text, answer, said] of SAID) {
    assertEquals([text, answer, saysAnswer(text, answer)], [
      text,
      answer,
      said,
    ]);
  }
});

Deno.test("texts are recognised by their words, and Chinese by two characters in a row", () => {
  const terms = (text: string) => termsOfWords(wordsOfText(text));
  for (
    const [text, expected] of [
      ["My name's Dave-2!", ["my", "name", "s", "dave", "2"]],
      ["我叫小明。", ["我叫", "叫小", "小明"]],
      ["我 is I", ["我", "is", "i"]],
      ["東京に住んでいるケリー", ["東京", "に", "住", "んでいる", "ケリー"]],
      ["Привет, мир", ["привет", "мир"]],
      ["", []],
    ] as const
  ) {
    assertEquals([text, terms(text)], [text, [...expected]]);
  }
  // Of words that do not count, none is a neighbour.
  assertEquals(
    termsOfWords(wordsOfText("你叫小明啊"), (word) => "小明啊".includes(word)),
    ["小明", "明啊"],
  );
  assertEquals(
    termsOfWords(wordsOfText("你叫小明啊"), (word) => "叫明".includes(word)),
    ["叫", "明"],
  );
});

Deno.test("unforeseenWords() gives the words that are less likely than even odds", () => {
  // Tokens of several words, of a part of one, of a part of a letter.
  const tokens: [text: Uint8Array, logprob: number][] = [
    [bytes(" You"), -9],
    [bytes(" live"), -0.1],
    [bytes(" in N"), -0.2],
    [bytes("ew"), -0.1],
    [bytes(" Caf"), -0.3],
    [bytes("é").subarray(0, 1), -0.3],
    [bytes("é").subarray(1), -0.3],
    [bytes(" no. 7"), -1],
    [bytes("."), -5],
  ];
  assertEquals(
    unforeseenWords(
      " You live in New Café no. 7.",
      tokens.map(([, logprob], token) => ({ token, logprob })),
      (token) => tokens[token]?.[0] ?? new Uint8Array(),
    ),
    ["you", "café", "no", "7"],
  );
});

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
