/**
 * Regular expressions of JavaScript as trees, for automata. What no automaton does
 * (to look around, to refer back, to find the edge of a word) gives no tree.
 *
 * @module
 */

import { ANYTHING, type Expression } from "./automaton.ts";
import { LAST, type LetterRange, merged, others } from "./letter_classes.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";

/** How often something may be repeated by count: each time makes states. */
const MOST_REPEATED = 10_000;

/** How deep groups may be. */
const DEEPEST_GROUP = 200;

const DIGIT_LETTERS: readonly LetterRange[] = [[0x30, 0x39]];
const WORD: readonly LetterRange[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const BLANKS: readonly LetterRange[] = merged([
  [9, 13],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]);
/** Blank in JavaScript and in no other language: neither `\s` nor `\S` writes it. */
const BYTE_ORDER_MARK: LetterRange = [0xfeff, 0xfeff];
const LINE_ENDS: readonly LetterRange[] = [[10, 10], [13, 13], [
  0x2028,
  0x2029,
]];

/** Classes by the letter after a backslash. */
const CLASSES = new Map<string, readonly LetterRange[]>([
  ["d", DIGIT_LETTERS],
  ["D", others(DIGIT_LETTERS)],
  ["w", WORD],
  ["W", others(WORD)],
  ["s", BLANKS],
  ["S", others(merged([...BLANKS, BYTE_ORDER_MARK]))],
]);

const CONTROLS = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["f", 12],
  ["v", 11],
]);

/** Thrown where a tree ends. */
class Beyond extends Error {}

/**
 * Reads an expression that JavaScript takes.
 *
 * @returns nothing if no automaton can match it.
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it is none.
 */
export function readExpression(pattern: string): Expression | undefined {
  expressionOf(pattern);
  try {
    return new ExpressionReader(pattern).whole();
  } catch (error) {
    if (error instanceof Beyond) return undefined;
    throw error;
  }
}

/** An expression that matches texts in which `inner` is found. */
export function findsIn(inner: Expression): Expression {
  return { kind: "concat", parts: [ANYTHING, inner, ANYTHING] };
}

/**
 * JavaScript's own expression.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if it is none.
 */
export function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    try {
      return new RegExp(pattern);
    } catch (cause) {
      const shown = JSON.stringify(pattern.slice(0, 100));
      throw refusedGrammar(`${shown} is no regular expression`, cause);
    }
  }
}

class ExpressionReader {
  readonly #patternLetters: readonly string[];
  #patternAt = 0;
  #groupDepth = 0;

  constructor(pattern: string) {
    this.#patternLetters = [...pattern];
  }

  whole(): Expression {
    const found = this.#either();
    if (this.#patternAt < this.#patternLetters.length) throw new Beyond();
    return found;
  }

  #peekLetter(text: string): boolean {
    return [...text].every((c, i) =>
      this.#patternLetters[this.#patternAt + i] === c
    );
  }

  #takeLetter(text: string): boolean {
    if (!this.#peekLetter(text)) return false;
    this.#patternAt += text.length;
    return true;
  }

  #either(): Expression {
    if (++this.#groupDepth > DEEPEST_GROUP) {
      throw refusedGrammar("the groups of its regular expression are too deep");
    }
    const parts = [this.#concat()];
    while (this.#takeLetter("|")) parts.push(this.#concat());
    this.#groupDepth--;
    return parts.length === 1 ? parts[0] : { kind: "either", parts };
  }

  #concat(): Expression {
    const parts: Expression[] = [];
    while (
      this.#patternAt < this.#patternLetters.length && !this.#peekLetter("|")
    ) {
      if (this.#peekLetter(")")) break;
      parts.push(this.#repeated(this.#one()));
    }
    if (parts.length === 0) return { kind: "empty" };
    return parts.length === 1 ? parts[0] : { kind: "concat", parts };
  }

  #repeated(part: Expression): Expression {
    let [least, most] = [1, 1];
    if (this.#takeLetter("*")) [least, most] = [0, Infinity];
    else if (this.#takeLetter("+")) [least, most] = [1, Infinity];
    else if (this.#takeLetter("?")) [least, most] = [0, 1];
    else {
      const rest = this.#patternLetters.slice(
        this.#patternAt,
        this.#patternAt + 24,
      ).join("");
      const counted = /^\{(\d+)(,(\d*))?\}/.exec(rest);
      if (counted === null) return part;
      this.#patternAt += counted[0].length;
      least = Number(counted[1]);
      most = counted[2] === undefined
        ? least
        : counted[3] === ""
        ? Infinity
        : Number(counted[3]);
      const counts = Math.max(least, most === Infinity ? 0 : most);
      if (counts > MOST_REPEATED) {
        throw refusedGrammar(
          `${counts} repeats are more than ${MOST_REPEATED}`,
        );
      }
    }
    this.#takeLetter("?");
    return this.#repeated({ kind: "repeat", part, least, most });
  }

  #one(): Expression {
    if (this.#takeLetter("^")) return { kind: "begin" };
    if (this.#takeLetter("$")) return { kind: "end" };
    if (this.#takeLetter(".")) {
      return { kind: "letters", ranges: others(LINE_ENDS) };
    }
    if (this.#takeLetter("(")) return this.#group();
    if (this.#takeLetter("[")) {
      return { kind: "letters", ranges: this.#class() };
    }
    if (this.#takeLetter("\\")) {
      const [letter = ""] = this.#patternLetters.slice(this.#patternAt);
      if (/[bBk1-9]/.test(letter)) throw new Beyond();
      return { kind: "letters", ranges: this.#escape() };
    }
    return { kind: "letters", ranges: [this.#letter()] };
  }

  #group(): Expression {
    if (this.#takeLetter("?")) {
      if (this.#takeLetter("<")) {
        if (this.#peekLetter("=") || this.#peekLetter("!")) throw new Beyond();
        while (!this.#takeLetter(">")) this.#patternAt++;
      } else if (!this.#takeLetter(":")) throw new Beyond();
    }
    const inner = this.#either();
    this.#takeLetter(")");
    return inner;
  }

  #class(): LetterRange[] {
    const negated = this.#takeLetter("^");
    const found: LetterRange[] = [];
    while (!this.#takeLetter("]")) {
      const first = this.#member();
      const [next, after] = this.#patternLetters.slice(
        this.#patternAt,
        this.#patternAt + 2,
      );
      if (first.length === 1 && next === "-" && after !== "]") {
        this.#patternAt++;
        const last = this.#member();
        if (last.length === 1 && last[0][0] === last[0][1]) {
          found.push([first[0][0], last[0][1]]);
        } else found.push(...first, [0x2d, 0x2d], ...last);
        continue;
      }
      found.push(...first);
    }
    const ranges = merged(found);
    return negated ? others(ranges) : ranges;
  }

  #member(): readonly LetterRange[] {
    if (!this.#takeLetter("\\")) return [this.#letter()];
    if (this.#takeLetter("b")) return [[8, 8]];
    return this.#escape();
  }

  #letter(): LetterRange {
    const code = this.#patternLetters[this.#patternAt++]?.codePointAt(0);
    if (code === undefined) throw new Beyond();
    return [code, code];
  }

  #escape(): readonly LetterRange[] {
    const letter = this.#patternLetters[this.#patternAt++] ?? "";
    const known = CLASSES.get(letter);
    if (known !== undefined) return known;
    const control = CONTROLS.get(letter);
    if (control !== undefined) return [[control, control]];
    const rest = this.#patternLetters.slice(
      this.#patternAt,
      this.#patternAt + 48,
    ).join("");
    const coded = CODED.find(([name, form]) =>
      name === letter && form.test(rest)
    );
    if (coded !== undefined) {
      const [text, inside] = coded[1].exec(rest) ?? ["", ""];
      this.#patternAt += [...text].length;
      if (/p/i.test(letter)) return property(`\\${letter}${text}`);
      const code = letter === "c"
        ? (inside.codePointAt(0) ?? 0) % 32
        : parseInt(inside, 16);
      return [this.#pair(code)];
    }
    if (letter === "0") return [[0, 0]];
    const code = letter.codePointAt(0);
    if (code === undefined) throw new Beyond();
    return [[code, code]];
  }

  /** The character of a surrogate and, behind it, the other one. */
  #pair(code: number): LetterRange {
    const rest = this.#patternLetters.slice(
      this.#patternAt,
      this.#patternAt + 6,
    ).join("");
    const low = /^\\u([dD][c-fC-F][\da-fA-F]{2})/.exec(rest);
    if (code < 0xd800 || code > 0xdbff || low === null) return [code, code];
    this.#patternAt += 6;
    const whole = 0x10000 + (code - 0xd800) * 0x400 +
      parseInt(low[1], 16) - 0xdc00;
    return [whole, whole];
  }
}

const CODED: readonly (readonly [letter: string, form: RegExp])[] = [
  ["x", /^([\da-f]{2})/i],
  ["u", /^([\da-f]{4})/i],
  ["u", /^\{([\da-f]+)\}/i],
  ["c", /^([a-z])/i],
  ["p", /^\{([^}]+)\}/],
  ["P", /^\{([^}]+)\}/],
];

const properties = new Map<string, readonly LetterRange[]>();

/** The letters of a Unicode property. */
function property(name: string): readonly LetterRange[] {
  const known = properties.get(name);
  if (known !== undefined) return known;
  let has: RegExp;
  try {
    has = new RegExp(`^${name}$`, "u");
  } catch {
    throw new Beyond();
  }
  const found: LetterRange[] = [];
  let from = -1;
  for (let code = 0; code <= LAST + 1; code++) {
    const inside = code <= LAST && has.test(String.fromCodePoint(code));
    if (inside && from < 0) from = code;
    if (!inside && from >= 0) {
      found.push([from, code - 1]);
      from = -1;
    }
  }
  if (properties.size > 64) properties.clear();
  properties.set(name, found);
  return found;
}
