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
  readonly #scalarHolder: ValueHolder;
  readonly place: StringPlace;
  readonly #writtenScalar: string;
  readonly policy: string | undefined;

  /** Begins at the start of a value. */
  constructor(holder: ValueHolder, place: StringPlace, written = "") {
    this.#scalarHolder = holder;
    this.place = place;
    this.#writtenScalar = written;
    const { length } = place.verdict;
    this.policy = length > 1
      ? undefined
      : length === 0 || holder.allows(String(FAILED))
      ? "all"
      : "unfailed";
  }

  get sequel(): object | undefined {
    const text = this.#scalarHolder.recording || this.place.machine.checks;
    return text ? undefined : this.#scalarHolder;
  }

  allows(place: StringPlace): boolean {
    if (this.policy === "all") return true;
    return place.leadsTo(({ verdict }) =>
      this.policy === undefined
        ? this.#scalarHolder.allows(verdict)
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
    return new TextValue(
      this.#scalarHolder,
      place,
      this.#writtenScalar + written,
    );
  }

  closed(place: StringPlace, written: string): AnswerState | undefined {
    const text = () => textOf(this.#writtenScalar + written);
    const verdict = place.machine.closing(place, text);
    if (!this.#scalarHolder.allows(verdict)) return undefined;
    return this.#scalarHolder.accept(
      verdict,
      this.#scalarHolder.recording ? JSON.stringify(text()) : "",
    );
  }
}

/** Within a number, whose end is what follows it. */
export class NumberValue implements AnswerState {
  readonly #context: ValueContext;
  readonly #scalarHolder: ValueHolder;
  readonly #scalarPlan: ValuePlan;
  readonly #numberText: string;

  /** Begins at the start of a value. */
  constructor(
    context: ValueContext,
    holder: ValueHolder,
    plan: ValuePlan,
    text = "",
  ) {
    this.#context = context;
    this.#scalarHolder = holder;
    this.#scalarPlan = plan;
    this.#numberText = text;
  }

  get whole(): boolean {
    return this.#scalarEnded()?.whole ?? false;
  }

  step(byte: number): AnswerState | undefined {
    const text = this.#numberText + String.fromCharCode(byte);
    if (!/[-+.\deE]$/.test(text)) return this.#scalarEnded()?.step(byte);
    const limits = this.#bounded ? LIMITS : this.#context.limits;
    const named = this.#scalarPlan.conditions.some((condition) =>
      condition.kind === "number" && isNamed(condition, text)
    );
    if (!beginsNumber(text, limits, named)) return undefined;
    const verdict = verdictOf(
      this.#scalarPlan,
      (condition) =>
        condition.kind === "number"
          ? numberStanding(condition, text, limits)
          : OPEN,
    );
    if (!this.#scalarHolder.allows(verdict)) return undefined;
    return new NumberValue(
      this.#context,
      this.#scalarHolder,
      this.#scalarPlan,
      text,
    );
  }

  /** Whether a schema says what numbers may be: digits are then as many as it asks. */
  get #bounded(): boolean {
    return this.#scalarPlan.conditions.some((condition) =>
      condition.kind === "number" && isBounded(condition)
    );
  }

  #scalarEnded(): AnswerState | undefined {
    const text = this.#numberText;
    if (!isNumber(text)) return undefined;
    const verdict = verdictOf(
      this.#scalarPlan,
      (condition) =>
        condition.kind === "number" ? numberVerdict(condition, text) : FAILED,
    );
    if (!this.#scalarHolder.allows(verdict)) return undefined;
    // -0 and 0 are equal.
    return this.#scalarHolder.accept(verdict, String(Number(text) + 0));
  }
}

/** Within `true`, `false` or `null`. */
export class WordValue implements AnswerState {
  readonly whole = false;
  readonly #scalarHolder: ValueHolder;
  readonly #scalarVerdict: string;
  readonly #word: Kind;
  readonly #wordAt: number;

  /** Begins at the start of a value. */
  constructor(holder: ValueHolder, verdict: string, word: Kind, at = 1) {
    this.#scalarHolder = holder;
    this.#scalarVerdict = verdict;
    this.#word = word;
    this.#wordAt = at;
  }

  step(byte: number): AnswerState | undefined {
    if (byte !== this.#word.charCodeAt(this.#wordAt)) return undefined;
    const at = this.#wordAt + 1;
    return at === this.#word.length
      ? this.#scalarHolder.accept(this.#scalarVerdict, this.#word)
      : new WordValue(this.#scalarHolder, this.#scalarVerdict, this.#word, at);
  }
}
