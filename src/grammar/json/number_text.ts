/**
 * Numbers as they are written, digit by digit, and what can still become of them.
 *
 * @module
 */

import {
  type Decimal,
  decimalOf,
  hasMultiple,
  leastMultiple,
  powerOf10,
  scaled,
} from "./decimal.ts";
import { FAILED, HELD, OPEN, type Truth } from "../schema/condition_formula.ts";

/** What a schema asks of a number. */
export interface NumberCondition {
  /** Names the kind of value. */
  readonly kind: "number";
  /** Whether it has no fraction. */
  readonly integer: boolean;
  /** Bounds; open ones are not in it. */
  readonly low: number;
  /** Whether the lower bound itself is left out. */
  readonly lowOpen: boolean;
  /** The upper bound. */
  readonly high: number;
  /** Whether the upper bound itself is left out. */
  readonly highOpen: boolean;
  /** It is a multiple of each. */
  readonly multiples: readonly number[];
  /** It is one of them; any value by default. */
  readonly values?: readonly number[];
}

/** Digits of a number. */
export interface NumberLimits {
  /** Before the point. */
  readonly whole: number;
  /** Behind it. */
  readonly fraction: number;
}

/** The parts of what is written of a number so far. */
const NUMBER_PARTS = /^(-?)(0|[1-9]\d*)?(?:(\.)(\d*))?(?:([eE])([+-]?)(\d*))?$/;

/** Digits of an exponent, and of one where the number has bounds. */
const EXPONENT = 3, BOUNDED_EXPONENT = 2;

/**
 * Digits of a bounded number that has a point: of so many, two numbers that differ
 * differ as floating-point numbers too, so every reader finds the same.
 */
const SIGNIFICANT_DIGITS = 15;

/**
 * Whether a text is the beginning of a number, within limits. One that a condition
 * names has as many digits as it has.
 */
export function beginsNumber(
  text: string,
  limits: NumberLimits,
  named = false,
): boolean {
  const found = NUMBER_PARTS.exec(text);
  if (found === null) return false;
  const [, , whole, point, fraction = "", e, , exponent = ""] = found;
  if (whole === undefined && (point ?? e) !== undefined) return false;
  if (point !== undefined && e !== undefined && fraction === "") return false;
  if (exponent !== "" && !Number.isFinite(Number(text))) return false;
  if (exponent.length > EXPONENT) return false;
  return named || (whole ?? "").length <= limits.whole &&
      fraction.length <= limits.fraction;
}

/** Whether a condition leaves out some numbers, besides those with a fraction. */
export function isBounded(
  { low, high, multiples, values }: NumberCondition,
): boolean {
  return low !== -Infinity || high !== Infinity || multiples.length > 0 ||
    values !== undefined;
}

/** Whether a condition names a value that a text is the beginning of. */
export function isNamed(
  { values = [] }: NumberCondition,
  text: string,
): boolean {
  return values.some((value) => JSON.stringify(value).startsWith(text));
}

/** Whether a text is a number. */
export function isNumber(text: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
}

/** Whether some number keeps to a condition. */
export function isPossible(
  condition: NumberCondition,
  limits: NumberLimits,
): boolean {
  if (condition.values !== undefined) {
    return condition.values.some((value) =>
      numberHolds(condition, JSON.stringify(value))
    );
  }
  return [..."-0123456789"].some((first) =>
    numberStanding(condition, first, limits) === OPEN
  );
}

/** How a condition of a number stands that is complete. */
export function numberHolds(condition: NumberCondition, text: string): boolean {
  const value = Number(text);
  const { integer, low, lowOpen, high, highOpen, values } = condition;
  if (!Number.isFinite(value)) return false;
  if (integer && !Number.isInteger(value)) return false;
  // As floating point has it, for that is what most readers see.
  if (lowOpen ? value <= low : value < low) return false;
  if (highOpen ? value >= high : value > high) return false;
  if (values !== undefined && !values.includes(value)) return false;
  if (!isBounded(condition)) return true;
  const scale = decimalScale(condition);
  const { digits, places } = decimalOf(text);
  const to = Math.max(places, scale.places);
  const exact = digits * powerOf10(to - places);
  return within(scale, to, exact, exact, 1n);
}

/** How a condition of a number stands whose beginning is written. */
export function numberStanding(
  condition: NumberCondition,
  text: string,
  limits: NumberLimits,
): Truth {
  const { values } = condition;
  if (values !== undefined) {
    const some = values.some((value) =>
      JSON.stringify(value).startsWith(text) &&
      numberHolds(condition, JSON.stringify(value))
    );
    return some ? OPEN : FAILED;
  }
  const [, sign, whole, point, fraction = "", e, , exponent = ""] =
    NUMBER_PARTS.exec(text) ?? [];
  if (condition.integer && (point ?? e) !== undefined) return FAILED;
  if (!isBounded(condition)) return OPEN;
  const scale = decimalScale(condition);
  const negative = sign === "-";
  let some: boolean;
  if (e !== undefined) {
    some = exponent.length <= BOUNDED_EXPONENT &&
      endings(text, exponent).some((end) => numberHolds(condition, text + end));
  } else if (point !== undefined) {
    some = behindPoint(scale, whole ?? "", fraction, negative, limits);
  } else {
    some = beforePoint(scale, condition.integer, whole, negative, limits);
  }
  return some ? OPEN : FAILED;
}

/** How a whole number of conditions stands. */
export function numberVerdict(
  condition: NumberCondition,
  text: string,
): Truth {
  return numberHolds(condition, text) ? HELD : FAILED;
}

/** A condition in whole numbers of `10^-places`. */
interface DecimalScale {
  readonly places: number;
  readonly low: bigint | undefined;
  readonly lowOpen: boolean;
  readonly high: bigint | undefined;
  readonly highOpen: boolean;
  /** What it is a multiple of; 0 where that does not matter. */
  readonly step: bigint;
}

const scales = new WeakMap<NumberCondition, DecimalScale>();

function decimalScale(condition: NumberCondition): DecimalScale {
  let scale = scales.get(condition);
  if (scale === undefined) {
    scales.set(condition, scale = measured(condition));
  }
  return scale;
}

function measured(
  { low, lowOpen, high, highOpen, multiples }: NumberCondition,
): DecimalScale {
  const read = (bound: number): Decimal | undefined =>
    Number.isFinite(bound) ? decimalOf(String(bound)) : undefined;
  const [least, most] = [read(low), read(high)];
  const steps = multiples.map((step) => decimalOf(String(step)));
  const places = Math.max(
    SIGNIFICANT_DIGITS,
    ...[least, most, ...steps].map((one) => one?.places ?? 0),
  );
  return {
    places,
    low: least && scaled(least, places),
    lowOpen,
    high: most && scaled(most, places),
    highOpen,
    step: steps.map((step) => scaled(step, places)).reduce(
      (all, step) => all === 0n ? step : leastMultiple(all, step),
      0n,
    ),
  };
}

/**
 * Whether some value from `from` to `to` keeps to a condition, all in whole numbers
 * of `10^-places`; the values there are the multiples of `grain`.
 */
function within(
  { places: own, low, lowOpen, high, highOpen, step }: DecimalScale,
  places: number,
  from: bigint,
  to: bigint,
  grain: bigint,
): boolean {
  const more = powerOf10(places - own);
  let [least, most] = [from, to];
  if (low !== undefined) {
    const bound = low * more + (lowOpen ? 1n : 0n);
    if (bound > least) least = bound;
  }
  if (high !== undefined) {
    const bound = high * more - (highOpen ? 1n : 0n);
    if (bound < most) most = bound;
  }
  if (least > most) return false;
  if (step === 0n && grain === 1n) return true;
  return hasMultiple(
    least,
    most,
    step === 0n ? grain : leastMultiple(step * more, grain),
  );
}

/** Whether digits can follow a whole number that may be complete. */
function beforePoint(
  scale: DecimalScale,
  integer: boolean,
  whole: string | undefined,
  negative: boolean,
  limits: NumberLimits,
): boolean {
  const { places } = scale;
  const first = whole === undefined ? 1 : whole.length;
  const last = whole === "0" ? 1 : limits.whole;
  for (let length = first; length <= last; length++) {
    const size = powerOf10(length - (whole?.length ?? length));
    const digits = whole === undefined ? 0n : BigInt(whole) * size;
    const until = whole === undefined ? powerOf10(length) : digits + size;
    const behind = integer
      ? 0
      : Math.max(0, Math.min(limits.fraction, SIGNIFICANT_DIGITS - length));
    const grain = powerOf10(places - behind);
    const from = digits * powerOf10(places);
    const to = until * powerOf10(places) - grain;
    if (lies(scale, from, to, grain, negative)) return true;
  }
  return false;
}

/** Whether digits can follow a point. */
function behindPoint(
  scale: DecimalScale,
  whole: string,
  fraction: string,
  negative: boolean,
  limits: NumberLimits,
): boolean {
  const { places } = scale;
  const most = Math.min(limits.fraction, SIGNIFICANT_DIGITS - whole.length);
  if (most < 1 || fraction.length > most) return false;
  const grain = powerOf10(places - most);
  const size = powerOf10(places - fraction.length);
  const from = BigInt(whole + fraction) * size;
  return lies(scale, from, from + size - grain, grain, negative);
}

function lies(
  scale: DecimalScale,
  from: bigint,
  to: bigint,
  grain: bigint,
  negative: boolean,
): boolean {
  return negative
    ? within(scale, scale.places, -to, -from, grain)
    : within(scale, scale.places, from, to, grain);
}

/** What may follow the digits of an exponent, or its sign. */
function endings(text: string, digits: string): readonly string[] {
  const more = BOUNDED_EXPONENT - digits.length;
  const found = digits === "" ? [] : [""];
  for (let length = 1; length <= more; length++) {
    for (let i = 0; i < 10 ** length; i++) {
      found.push(String(i).padStart(length, "0"));
    }
  }
  return /[eE]$/.test(text)
    ? ["", "-"].flatMap((sign) => found.map((end) => sign + end))
    : found;
}
