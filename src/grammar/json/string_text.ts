/**
 * Strings of JSON as they are written, byte by byte, and how far conditions have
 * followed their text. Control characters are written
 * as escapes, and surrogates in pairs.
 *
 * Source: RFC 8259, section 7.
 *
 * @module
 */

import type { TextState } from "../regex/automaton.ts";
import type { Condition, StringCondition } from "../schema/condition.ts";
import {
  conditionsOf,
  FAILED,
  type Formula,
  HELD,
  OPEN,
  standing,
  type Truth,
} from "../schema/condition_formula.ts";
import {
  BACKSLASH,
  CONTROLS,
  digits,
  ESCAPABLE,
  ESCAPES,
  QUOTE,
  SECOND,
  utf8,
  written,
} from "./string_escapes.ts";
import { spendWork } from "../work_bound.ts";

/** Where within a character a string stands. */
const TEXT = 0, ESCAPE = 1, DIGITS = 2, LOW = 3, UTF8 = 4;

/** States to remember. */
const REMEMBERED_STRING_STATES = 8192;

/** How strings are followed. */
export interface StringOptions {
  /** Characters of a string whose length no condition bounds. */
  readonly longest: number;
  /** Follows the text besides, without being one of the conditions. */
  readonly track?: TextState;
  /** Goes on where `track` ends. */
  readonly astray?: StringMachine;
  /** Whether a place may be gone to; by default where a formula has not failed. */
  readonly viable?: (leaf: StringPlace) => boolean;
}

let machines = 0;

/** Follows strings through some formulas. */
export class StringMachine {
  /** Differs between all machines. */
  readonly id = machines++;
  readonly #formulas: readonly Formula<Condition>[];
  readonly #stringConditions: readonly StringCondition[];
  readonly #stringOptions: StringOptions;
  readonly #longestString: number;
  /** Whether some characters may not come: then escapes are for those that must. */
  readonly restricted: boolean;
  /** Whether a condition is one of whole texts. */
  readonly checks: boolean;
  /** Lengths that matter. */
  readonly #stringLengths: readonly number[];
  readonly #knownStrings = new Map<string, StringPlace>();
  readonly #verdicts = new Map<string, string>();
  /** Before the first character. */
  readonly start: StringPlace;

  /** Begins at the start of a value. */
  constructor(formulas: readonly Formula<Condition>[], options: StringOptions) {
    this.#formulas = formulas;
    this.#stringOptions = options;
    this.#stringConditions = conditionsOf(formulas)
      .filter((condition) => condition.kind === "string");
    const starts = this.#stringConditions.flatMap(({ automata }) => automata);
    const needed = this.#stringConditions.map(({ least, automata }) =>
      Math.max(least, ...automata.map((state) => state?.missing ?? 0))
    );
    const bounded = this.#stringConditions.some(({ most, values }) =>
      most !== Infinity || values !== undefined
    );
    this.#longestString = bounded
      ? Infinity
      : Math.max(options.longest, ...needed.map((least) => least * 2));
    this.checks = this.#stringConditions.some(({ checks }) =>
      checks.length > 0
    );
    this.restricted = starts.length > 0 || options.track !== undefined;
    this.#stringLengths = [
      this.#longestString,
      ...this.#stringConditions.flatMap(({ least, most }) => [least, most]),
    ].filter((length) => length !== Infinity && length !== 0);
    this.start = this.#place({
      mode: TEXT,
      value: 0,
      count: 0,
      states: starts,
      track: options.track,
    });
  }

  /** Whether a place may be gone to, as far as this machine knows. */
  viable(place: StringPlace): boolean {
    return this.#stringOptions.viable?.(place) ?? /[12]|^$/.test(place.verdict);
  }

  /** How the formulas stand for a string that ends here. */
  closing(place: StringPlace, text: () => string): string {
    let whole: string | undefined;
    return this.#stringVerdict(
      this.#stringConditions.map(({ least, most, checks }, i) => {
        if (place.count < least || place.count > most) return FAILED;
        if (
          !this.#ofCondition(place.states, i).every((state) => state?.accepting)
        ) {
          return FAILED;
        }
        if (checks.length === 0) return HELD;
        const read = whole ??= text();
        return checks.every((check) => check(read)) ? HELD : FAILED;
      }),
    );
  }

  /**
   * A name shared by places from which the next `far` characters are taken alike.
   */
  likeness({ mode, value, count, states }: StringPlace, far: number): string {
    const lengths = this.#stringLengths.map((length) =>
      Math.max(-1, Math.min(far, length - count))
    );
    return `${mode} ${value} ${lengths} ${states.map((state) => state?.id)}`;
  }

  /** The place after one more byte; nothing if it cannot come. */
  step(place: StringPlace, byte: number): StringPlace | undefined {
    const { mode, value } = place;
    switch (mode) {
      case TEXT:
        if (byte === BACKSLASH) {
          return this.#mayEscape(place)
            ? this.#stringPlace(place, ESCAPE, 0)
            : undefined;
        }
        return byte < 0x20 || byte === QUOTE
          ? undefined
          : this.#raw(place, byte);
      case UTF8: {
        const left = value >>> 16,
          low = (value >>> 8) & 0xff,
          high = value & 0xff;
        if (byte < low || byte > high) return undefined;
        return this.#takeCharacter(
          place,
          [byte],
          0,
          left > 1 ? UTF8 : TEXT,
          left > 1 ? ((left - 1) << 16) | 0x80bf : 0,
        );
      }
      case ESCAPE: {
        if (byte === 0x75) {
          const next = this.#stringPlace(place, DIGITS, 0);
          return this.#mayGoOn(next) ? next : undefined;
        }
        const code = ESCAPES.get(byte);
        if (code === undefined) return undefined;
        if (this.restricted && byte === 0x2f) return undefined;
        const next = this.#takeCharacter(place, [code], 1, TEXT, 0);
        return next !== undefined && (!this.restricted || this.viable(next))
          ? next
          : undefined;
      }
      case DIGITS:
        return this.#digit(place, byte);
    }
    // A high surrogate is written; `\u` and the low one follow.
    if (value % 2 === 0) {
      return byte === BACKSLASH
        ? this.#stringPlace(place, LOW, value + 1)
        : undefined;
    }
    return byte === 0x75
      ? this.#stringPlace(
        place,
        DIGITS,
        digits({ high: (value - 1) / 2, count: 0, code: 0 }),
      )
      : undefined;
  }

  /** A byte that stands for itself. */
  #raw(place: StringPlace, byte: number): StringPlace | undefined {
    if (byte < 0x80) return this.#takeCharacter(place, [byte], 1, TEXT, 0);
    if (byte < 0xc2 || byte > 0xf4) return undefined;
    const left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    const [low, high] = SECOND.get(byte) ?? [0x80, 0xbf];
    return this.#takeCharacter(
      place,
      [byte],
      1,
      UTF8,
      (left << 16) | (low << 8) | high,
    );
  }

  #digit(place: StringPlace, byte: number): StringPlace | undefined {
    const digit = parseInt(String.fromCharCode(byte), 16);
    if (!(digit >= 0)) return undefined;
    const before = written(place.value);
    const { high } = before;
    const count = before.count + 1, code = before.code * 16 + digit;
    // A low surrogate follows a high one, and nothing else.
    const low = count === 1
      ? code === 0xd
      : code >>> (4 * (count - 2)) >= 0xdc &&
        code >>> (4 * (count - 2)) <= 0xdf;
    if (high > 0 ? !low : count > 1 && low) return undefined;
    if (count < 4) {
      const next = this.#stringPlace(
        place,
        DIGITS,
        digits({ high, count, code }),
      );
      return this.#mayGoOn(next) ? next : undefined;
    }
    if (high > 0) {
      const whole = 0x10000 + (high - 0xd800) * 0x400 + code - 0xdc00;
      return this.#takeCharacter(place, utf8(whole), 1, TEXT, 0);
    }
    if (code >= 0xd800 && code <= 0xdbff) {
      return this.#stringPlace(place, LOW, code * 2);
    }
    const next = this.#takeCharacter(place, utf8(code), 1, TEXT, 0);
    if (!this.restricted || next === undefined) return next;
    return code < 0x20 && this.viable(next) ? next : undefined;
  }

  /**
   * Whether digits can become a character. Where not every one may come, only those
   * that cannot be written in another way do.
   */
  #mayGoOn(place: StringPlace): boolean {
    return !this.restricted || this.#controls(place).length > 0;
  }

  /** Control characters that digits can become, and that may come. */
  #controls(place: StringPlace): number[] {
    const { count, code } = written(place.value);
    return CONTROLS.filter((control) => {
      if (control >>> (4 * (4 - count)) !== code) return false;
      const next = this.#takeCharacter(place, [control], 1, TEXT, 0);
      return next !== undefined && this.viable(next);
    });
  }

  /**
   * Where an unfinished escape can lead; nothing outside of one, and where every
   * character may come.
   */
  outcomes(place: StringPlace): readonly StringPlace[] | undefined {
    const { mode } = place;
    if (!this.restricted || mode !== ESCAPE && mode !== DIGITS) {
      return undefined;
    }
    const codes = mode === ESCAPE ? ESCAPABLE : this.#controls(place);
    return codes.flatMap((code) =>
      this.#takeCharacter(place, [code], 1, TEXT, 0) ?? []
    );
  }

  #mayEscape(place: StringPlace): boolean {
    const codes = this.restricted ? ESCAPABLE : [QUOTE];
    return codes.some((code) => {
      const next = this.#takeCharacter(place, [code], 1, TEXT, 0);
      return next !== undefined && this.viable(next);
    });
  }

  #stringPlace(place: StringPlace, mode: number, value: number): StringPlace {
    const { count, states, track } = place;
    return this.#place({ mode, value, count, states, track });
  }

  /** Takes bytes of the text. */
  #takeCharacter(
    place: StringPlace,
    bytes: readonly number[],
    characters: number,
    mode: number,
    value: number,
  ): StringPlace | undefined {
    const count = place.count + characters;
    if (count > this.#longestString) return undefined;
    const { astray } = this.#stringOptions;
    let { states, track } = place;
    for (const byte of bytes) {
      if (states.length > 0) states = states.map((state) => state?.step(byte));
      track = track?.step(byte);
    }
    if (track === undefined && astray !== undefined) {
      return astray.#place({ mode, value, count, states: [], track });
    }
    return this.#place({ mode, value, count, states, track });
  }

  #place(parts: PlaceParts): StringPlace {
    const { mode, value, count, states, track } = parts;
    const ids = states.map((state) => state?.id ?? "-").join(",");
    const key = `${mode} ${value} ${count} ${ids} ${track?.id ?? "-"}`;
    spendWork(1);
    let found = this.#knownStrings.get(key);
    if (found === undefined) {
      if (this.#knownStrings.size >= REMEMBERED_STRING_STATES) {
        this.#knownStrings.clear();
      }
      found = new StringPlace(this, parts, this.#openString(parts));
      this.#knownStrings.set(key, found);
    }
    return found;
  }

  /** How the formulas stand in the midst of a string. */
  #openString({ count, states }: PlaceParts): string {
    return this.#stringVerdict(
      this.#stringConditions.map(({ least, most, checks }, i) => {
        const own = this.#ofCondition(states, i);
        if (
          most === Infinity && count >= least && checks.length === 0 &&
          own.every((state) => state?.certain === true)
        ) return HELD;
        const bound = Math.min(most, this.#longestString);
        return count <= most &&
            own.every((state) =>
              state !== undefined && count + state.missing <= bound
            )
          ? OPEN
          : FAILED;
      }),
    );
  }

  #ofCondition(
    states: readonly (TextState | undefined)[],
    index: number,
  ): readonly (TextState | undefined)[] {
    if (this.#stringConditions.length === 1) return states;
    let from = 0;
    for (let i = 0; i < index; i++) {
      from += this.#stringConditions[i].automata.length;
    }
    return states.slice(
      from,
      from + this.#stringConditions[index].automata.length,
    );
  }

  #stringVerdict(found: readonly Truth[]): string {
    const key = found.join("");
    let verdict = this.#verdicts.get(key);
    if (verdict === undefined) {
      const of = (condition: Condition) =>
        found[this.#stringConditions.indexOf(condition as StringCondition)];
      verdict = this.#formulas.map((formula) => standing(formula, of)).join("");
      this.#verdicts.set(key, verdict);
    }
    return verdict;
  }
}

interface PlaceParts {
  readonly mode: number;
  readonly value: number;
  readonly count: number;
  readonly states: readonly (TextState | undefined)[];
  readonly track: TextState | undefined;
}

/** Where a string stands. Places are never changed, and equal ones are the same. */
export class StringPlace {
  /** The automaton of the string. */
  readonly machine: StringMachine;
  /** Where in an escape or a character the text stands. */
  readonly mode: number;
  /** What of an escape has been read. */
  readonly value: number;
  /** Characters so far. */
  readonly count: number;
  /** Where each condition on the text stands; undefined once it has failed. */
  readonly states: readonly (TextState | undefined)[];
  /** Where the text stands in the tree of names. */
  readonly track: TextState | undefined;
  /** How the formulas stand, a digit each. */
  readonly verdict: string;
  readonly #nextString: (StringPlace | null | undefined)[] = [];
  #outcomes: readonly StringPlace[] | null | undefined;

  /** Begins at the start of a value. */
  constructor(machine: StringMachine, parts: PlaceParts, verdict: string) {
    this.machine = machine;
    this.mode = parts.mode;
    this.value = parts.value;
    this.count = parts.count;
    this.states = parts.states;
    this.track = parts.track;
    this.verdict = verdict;
  }

  /** Whether a quote would end the string here. */
  get between(): boolean {
    return this.mode === TEXT;
  }

  /** Whether some place that an unfinished escape leads to is one of those meant. */
  leadsTo(meant: (place: StringPlace) => boolean): boolean {
    const outcomes = this.#outcomes ??= this.machine.outcomes(this) ?? null;
    return outcomes?.some(meant) ?? meant(this);
  }

  /** The place after one more byte other than the quote that ends the string. */
  step(byte: number): StringPlace | undefined {
    let next = this.#nextString[byte];
    if (next === undefined) {
      next = this.machine.step(this, byte) ?? null;
      this.#nextString[byte] = next;
    }
    return next ?? undefined;
  }
}
