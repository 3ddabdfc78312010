/**
 * Answers within a string, a number, or a word.
 *
 * @module
 */

import type {
  AnswerState,
  StringState,
  ValueContext,
  ValueHolder,
  ValuePlan,
} from "./answer_state.ts";
import { verdictOf } from "./answer_state.ts";
import { LIMITS } from "./answer_limits.ts";
import type { Kind } from "../schema/condition.ts";
import { FAILED, OPEN } from "../schema/condition_formula.ts";
import {
  beginsNumber,
  isBounded,
  isNamed,
  isNumber,
  numberStanding,
  numberVerdict,
} from "./number_text.ts";
import { QUOTE, textOf } from "./string_escapes.ts";
import type { StringPlace } from "./string_text.ts";

/** Within a string that is a value. */
export class TextValue implements StringState {
  readonly whole = false;
  readonly #holder: ValueHolder;
  readonly place: StringPlace;
  readonly #written: string;
  readonly policy: string | undefined;

  /** Begins at the start of a value. */
  constructor(holder: ValueHolder, place: StringPlace, written = "") {
    this.#holder = holder;
    this.place = place;
    this.#written = written;
    const { length } = place.verdict;
    this.policy = length > 1
      ? undefined
      : length === 0 || holder.allows(String(FAILED))
      ? "all"
      : "unfailed";
  }

  get sequel(): object | undefined {
    const text = this.#holder.recording || this.place.machine.checks;
    return text ? undefined : this.#holder;
  }

  allows(place: StringPlace): boolean {
    if (this.policy === "all") return true;
    return place.leadsTo(({ verdict }) =>
      this.policy === undefined
        ? this.#holder.allows(verdict)
        : verdict !== String(FAILED)
    );
  }

  step(byte: number): AnswerState | undefined {
    if (byte === QUOTE && this.place.between) {
      return this.closed(this.place, "");
    }
    const next = this.place.step(byte);
    if (next === undefined || !this.allows(next)) return undefined;
    return this.moved(next, String.fromCharCode(byte));
  }

  moved(place: StringPlace, written: string): TextValue {
    return new TextValue(this.#holder, place, this.#written + written);
  }

  closed(place: StringPlace, written: string): AnswerState | undefined {
    const text = () => textOf(this.#written + written);
    const verdict = place.machine.closing(place, text);
    if (!this.#holder.allows(verdict)) return undefined;
    return this.#holder.accept(
      verdict,
      this.#holder.recording ? JSON.stringify(text()) : "",
    );
  }
}

/** Within a number, whose end is what follows it. */
export class NumberValue implements AnswerState {
  readonly #context: ValueContext;
  readonly #holder: ValueHolder;
  readonly #plan: ValuePlan;
  readonly #text: string;

  /** Begins at the start of a value. */
  constructor(
    context: ValueContext,
    holder: ValueHolder,
    plan: ValuePlan,
    text = "",
  ) {
    this.#context = context;
    this.#holder = holder;
    this.#plan = plan;
    this.#text = text;
  }

  get whole(): boolean {
    return this.#ended()?.whole ?? false;
  }

  step(byte: number): AnswerState | undefined {
    const text = this.#text + String.fromCharCode(byte);
    if (!/[-+.\deE]$/.test(text)) return this.#ended()?.step(byte);
    const limits = this.#bounded ? LIMITS : this.#context.limits;
    const named = this.#plan.conditions.some((condition) =>
      condition.kind === "number" && isNamed(condition, text)
    );
    if (!beginsNumber(text, limits, named)) return undefined;
    const verdict = verdictOf(
      this.#plan,
      (condition) =>
        condition.kind === "number"
          ? numberStanding(condition, text, limits)
          : OPEN,
    );
    if (!this.#holder.allows(verdict)) return undefined;
    return new NumberValue(this.#context, this.#holder, this.#plan, text);
  }

  /** Whether a schema says what numbers may be: digits are then as many as it asks. */
  get #bounded(): boolean {
    return this.#plan.conditions.some((condition) =>
      condition.kind === "number" && isBounded(condition)
    );
  }

  #ended(): AnswerState | undefined {
    const text = this.#text;
    if (!isNumber(text)) return undefined;
    const verdict = verdictOf(
      this.#plan,
      (condition) =>
        condition.kind === "number" ? numberVerdict(condition, text) : FAILED,
    );
    if (!this.#holder.allows(verdict)) return undefined;
    // -0 and 0 are equal.
    return this.#holder.accept(verdict, String(Number(text) + 0));
  }
}

/** Within `true`, `false` or `null`. */
export class WordValue implements AnswerState {
  readonly whole = false;
  readonly #holder: ValueHolder;
  readonly #verdict: string;
  readonly #word: Kind;
  readonly #at: number;

  /** Begins at the start of a value. */
  constructor(holder: ValueHolder, verdict: string, word: Kind, at = 1) {
    this.#holder = holder;
    this.#verdict = verdict;
    this.#word = word;
    this.#at = at;
  }

  step(byte: number): AnswerState | undefined {
    if (byte !== this.#word.charCodeAt(this.#at)) return undefined;
    const at = this.#at + 1;
    return at === this.#word.length
      ? this.#holder.accept(this.#verdict, this.#word)
      : new WordValue(this.#holder, this.#verdict, this.#word, at);
  }
}
