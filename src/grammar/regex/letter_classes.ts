/**
 * Classes of letters beyond ASCII. The library takes a class for bytes: of `[é-ê]`
 * it keeps the lowest eight bits of each letter, and of `[^é]` nothing. So classes
 * with such letters, and the dot, are put as what UTF-8 makes of them: sequences of
 * classes of bytes, which the library does keep to.
 *
 * @module
 */

import { refusedGrammar } from "../screen/grammar_bounds.ts";

/** From and to, both in it. */
export type LetterRange = readonly [from: number, to: number];

/** One letter of a class, or a dash. */
const LETTERS = /\\x([\da-f]+)|\\u([\da-f]{4})|\\U([\da-f]{8})|\\?[^]/gu;

const CONTROLS = new Map(
  Object.entries({ n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0, b: 8 }),
);

/** The last code point. */
export const LAST = 0x10ffff;

/** Pieces of rules that are no letters of a class. */
const RULES = /"(?:\\.|[^"\\])*"|#[^\n]*|\[(?:\\.|[^\]\\])*\]/gsu;

/** The same rules in classes that the library keeps to. */
export function plainRules(rules: string): string {
  return rules.replaceAll(
    RULES,
    (piece) => piece.startsWith("[") ? plainClass(piece) : piece,
  );
}

function plainClass(text: string): string {
  const beyond = rangesOf(text.slice(1, -1))
    .some(([, to]) => to > 0x7f);
  return beyond ? byteClass(text) : text;
}

/** A class as what its letters are in UTF-8. */
function byteClass(text: string): string {
  const negated = text.startsWith("[^");
  const found = rangesOf(text.slice(negated ? 2 : 1, -1));
  const ranges = merged(negated ? others(merged(found)) : found);
  const ends = new Map<string, LetterRange[]>();
  for (const sequence of ranges.flatMap(sequences)) {
    const head = sequence.slice(0, -1).map((range) => byteClassText([range]))
      .join("");
    ends.set(head, [...ends.get(head) ?? [], ...sequence.slice(-1)]);
  }
  if (ends.size === 0) throw refusedGrammar(`${text} matches no letter`);
  const texts = Array.from(ends, ([head, last]) => head + byteClassText(last));
  return `(${texts.join("|")})`;
}

/** What stands in a class. */
function rangesOf(inside: string): LetterRange[] {
  const parts = [...inside.matchAll(LETTERS)];
  const ranges: LetterRange[] = [];
  for (let i = 0; i < parts.length; i++) {
    const from = letter(parts[i]);
    const spans = parts[i + 1]?.[0] === "-" && i + 2 < parts.length;
    const to = spans ? letter(parts[i += 2]) : from;
    if (to < from || to > LAST) throw refusedGrammar(`[${inside}] is no class`);
    ranges.push([from, to]);
  }
  return ranges;
}

function letter([text, ...codes]: RegExpExecArray): number {
  const code = codes.find((code) => code !== undefined);
  if (code !== undefined) return parseInt(code, 16);
  const [first = "", second] = text;
  return (second === undefined ? undefined : CONTROLS.get(second)) ??
    (second ?? first).codePointAt(0) ?? 0;
}

/** Ranges in order, with nothing between them that is in both. */
export function merged(ranges: readonly LetterRange[]): LetterRange[] {
  const kept: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = kept.at(-1);
    if (last === undefined || from > last[1] + 1) kept.push([from, to]);
    else last[1] = Math.max(last[1], to);
  }
  return kept;
}

/** What is in none of them; they are {@linkcode merged}. */
export function others(ranges: readonly LetterRange[]): LetterRange[] {
  const bounds = [-1, ...ranges.flat(), LAST + 1];
  return Array.from({ length: bounds.length / 2 }, (_, i): LetterRange => [
    bounds[2 * i] + 1,
    bounds[2 * i + 1] - 1,
  ]).filter(([from, to]) => from <= to);
}

/** Where letters begin to take more bytes; surrogates are none. */
const UTF8_LENGTH_STEPS: readonly LetterRange[] = [
  [0, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, LAST],
];

/** The sequences of bytes that a range of letters is. */
export function sequences([from, to]: LetterRange): LetterRange[][] {
  return UTF8_LENGTH_STEPS.flatMap(([low, high]) => {
    const [first, last] = [Math.max(from, low), Math.min(to, high)];
    return first > last ? [] : splitRange(utf8Bytes(first), utf8Bytes(last));
  });
}

/** Sequences from one to another of the same length. */
function splitRange(
  from: readonly number[],
  to: readonly number[],
): LetterRange[][] {
  const [a, ...x] = from, [b, ...y] = to;
  if (x.length === 0) return [[[a, b]]];
  const after = (byte: number, rest: LetterRange[][]) =>
    rest.map((sequence): LetterRange[] => [[byte, byte], ...sequence]);
  if (a === b) return after(a, splitRange(x, y));
  const lowest = x.map(() => 0x80), highest = x.map(() => 0xbf);
  const whole = [x.every((v) => v === 0x80), y.every((v) => v === 0xbf)];
  const [first, last] = [whole[0] ? a : a + 1, whole[1] ? b : b - 1];
  return [
    ...(whole[0] ? [] : after(a, splitRange(x, highest))),
    ...(first > last ? [] : [[
      [first, last],
      ...x.map((): LetterRange => [0x80, 0xbf]),
    ]] as LetterRange[][]),
    ...(whole[1] ? [] : after(b, splitRange(lowest, y))),
  ];
}

function utf8Bytes(code: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(code))];
}

/** A class of bytes. One alone is named twice: else it is taken for a letter. */
function byteClassText(ranges: readonly LetterRange[]): string {
  const hex = (byte: number) => `\\x${byte.toString(16).padStart(2, "0")}`;
  const texts = ranges.map(([from, to]) =>
    hex(from) + (from === to ? "" : "-") + hex(to)
  );
  return `[${texts.join("")}]`;
}
