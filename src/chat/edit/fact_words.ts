/**
 * Words of answers: whether a text says them, and which of them give a fact away.
 *
 * @module
 */

import type { TokenLogprob } from "../../text/logprobs.ts";

/** What a word is less likely than where it is not foreseen: even odds, in nats. */
const FORESEEN = -Math.LN2;

/**
 * Letters and digits in a row. Chinese and Japanese have no spaces: there a word ends
 * with its script, and each Chinese character is one.
 */
const WORD =
  /\p{sc=Han}|[\p{scx=Hiragana}&&\p{L}]+|[\p{scx=Katakana}&&\p{L}]+|[[\p{L}\p{N}]--[\p{sc=Han}\p{scx=Hiragana}\p{scx=Katakana}]]+/gv;

const HAN = /^\p{sc=Han}$/v;

/** The words of a text, in lower case, in order. */
export function wordsOfText(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/**
 * What a text can be recognised by, of its words in order: these, but of Chinese
 * characters in a row each two neighbours, for one alone is in many words.
 *
 * @param counts Which of the words count; a row ends at one that does not.
 */
export function termsOfWords(
  words: readonly string[],
  counts: (word: string) => boolean = () => true,
): string[] {
  const terms: string[] = [];
  const inRow = (word: string | undefined) =>
    word !== undefined && HAN.test(word) && counts(word);
  words.forEach((word, i) => {
    if (!counts(word)) return;
    const before = inRow(word) && inRow(words[i - 1]);
    const after = inRow(word) && inRow(words[i + 1]);
    if (before) terms.push(`${words[i - 1]}${word}`);
    else if (!after) terms.push(word);
  });
  return terms;
}

/**
 * Whether a text says an answer: in any case, with any punctuation at its ends, and not
 * as a part of a longer word ("no" is not said by "I know").
 */
export function saysAnswer(text: string, answer: string): boolean {
  const said = fold(text), wanted = fold(answer).trim();
  const words = withoutEnd(wanted.replace(/^[\p{P}\s]+/u, "")) || wanted;
  if (words === "") return false;
  for (
    let at = said.indexOf(words);
    at >= 0;
    at = said.indexOf(words, at + 1)
  ) {
    if (!isWithinWord(said, at) && !isWithinWord(said, at + words.length)) {
      return true;
    }
  }
  return false;
}

function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** Letter by letter: a pattern at an end takes time in proportion to the square. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[\p{P}\s]/u.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/**
 * Whether a place is between two letters of one word. Scripts without cases are taken
 * to have no spaces between words.
 */
function isWithinWord(text: string, at: number): boolean {
  return /^[\p{Cased}\p{N}]{2}$/u.test(text.slice(Math.max(0, at - 1), at + 1));
}

/**
 * The words of an answer that are not foreseen where it is scored, in lower case: the
 * others ("in", of "You live in Leeds.") are no part of what is told.
 *
 * @param scored The tokens of the answer, in order.
 * @param bytes The bytes of a token.
 */
export function unforeseenWords(
  answer: string,
  scored: readonly TokenLogprob[],
  bytes: (token: number) => Uint8Array,
): string[] {
  const encoder = new TextEncoder();
  const found: string[] = [];
  let place = 0, end = 0, token = 0, tokenStart = 0;
  for (const { 0: word, index } of answer.matchAll(WORD)) {
    const start = end + encoder.encode(answer.slice(place, index)).length;
    end = start + encoder.encode(word).length;
    place = index + word.length;
    let logprob = 0;
    for (; token < scored.length && tokenStart < end; token++) {
      const tokenEnd = tokenStart + bytes(scored[token].token).length;
      if (tokenEnd > start) logprob += scored[token].logprob;
      // A token that reaches beyond the word is a part of the next one too.
      if (tokenEnd > end) break;
      tokenStart = tokenEnd;
    }
    if (logprob < FORESEEN) found.push(word.toLowerCase());
  }
  return found;
}
