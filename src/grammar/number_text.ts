/**
 * Numbers as they are written, digit by digit, and what can still become of them.
 *
 * @module
 */

import { FAILED, HELD, OPEN, type Truth } from "./formula.ts";

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
  /** It is one of them; absent: any. */
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
const PARTS = /^(-?)(0|[1-9]\d*)?(?:(\.)(\d*))?(?:([eE])([+-]?)(\d*))?$/;

/** Digits of an exponent. */
const EXPONENT = 3;

/** Whether a text is the beginning of a number, within limits. */
export function beginsNumber(text: string, limits: NumberLimits): boolean {
  const found = PARTS.exec(text);
  if (found === null) return false;
  const [, , whole, point, fraction = "", e, , exponent = ""] = found;
  if (whole === undefined && (point ?? e) !== undefined) return false;
  if (point !== undefined && e !== undefined && fraction === "") return false;
  return (whole ?? "").length <= limits.whole &&
    fraction.length <= limits.fraction && exponent.length <= EXPONENT;
}

/** Whether a condition leaves out some numbers, besides those with a fraction. */
export function isBounded(
  { low, high, multiples, values }: NumberCondition,
): boolean {
  return low !== -Infinity || high !== Infinity || multiples.length > 0 ||
    values !== undefined;
}

/** Whether a text is a number. */
export function isNumber(text: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
}

/** How a condition of a number stands that is complete. */
export function numberHolds(condition: NumberCondition, text: string): boolean {
  const value = Number(text);
  const { integer, low, lowOpen, high, highOpen, multiples, values } =
    condition;
  if (!Number.isFinite(value)) return false;
  if (!withinLarge(text, low, high)) return false;
  if (integer && !Number.isInteger(value)) return false;
  if (lowOpen ? value <= low : value < low) return false;
  if (highOpen ? value >= high : value > high) return false;
  if (values !== undefined && !values.includes(value)) return false;
  return multiples.every((step) => isMultiple(text, step));
}

/** Whether an integer beyond those that floating point tells apart is in bounds. */
function withinLarge(text: string, low: number, high: number): boolean {
  if (!/^-?\d{16,}$/.test(text)) return true;
  const value = BigInt(text);
  const whole = (bound: number) => /^-?\d+$/.test(String(bound));
  if (whole(low) && value < BigInt(String(low))) return false;
  return !whole(high) || value <= BigInt(String(high));
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
      numberHolds(condition, String(value))
    );
    return some ? OPEN : FAILED;
  }
  const [, sign, whole, point, fraction = "", e] = PARTS.exec(text) ?? [];
  if (condition.integer && (point ?? e) !== undefined) return FAILED;
  if (!isBounded(condition)) return OPEN;
  if (e !== undefined) return FAILED;
  const ranges = reachable(whole, point !== undefined, fraction, limits);
  const some = ranges.some(([from, to]) =>
    sign === "-" ? meets(condition, -to, -from) : meets(condition, from, to)
  );
  return some ? OPEN : FAILED;
}

/** Ranges of values that digits can become, without their sign. */
function reachable(
  whole: string | undefined,
  point: boolean,
  fraction: string,
  limits: NumberLimits,
): [from: number, to: number][] {
  if (whole === undefined) return [[0, Infinity]];
  const value = Number(`${whole}.${fraction}0`);
  if (point) {
    const step = fraction.length < limits.fraction
      ? 10 ** -fraction.length - 10 ** -limits.fraction
      : 0;
    return [[value, value + step]];
  }
  const almost = 1 - 10 ** -limits.fraction;
  const found: [number, number][] = [];
  const more = whole === "0" ? 0 : limits.whole - whole.length;
  for (let i = 0, size = 1; i <= more; i++, size *= 10) {
    found.push([value * size, value * size + (size - 1) + almost]);
  }
  return found;
}

/** Whether a value in a range, both ends in it, is within a condition. */
function meets(
  { integer, low, lowOpen, high, highOpen, multiples }: NumberCondition,
  from: number,
  to: number,
): boolean {
  const least = Math.max(from, low), most = Math.min(to, high);
  if (least > most) return false;
  if (least === most) {
    if (lowOpen && least === low || highOpen && least === high) return false;
  }
  const steps = integer ? [...multiples, 1] : multiples;
  return steps.every((step) => {
    let first = Math.ceil(least / step);
    if (lowOpen && first * step <= low) first++;
    let last = Math.floor(most / step);
    if (highOpen && last * step >= high) last--;
    if (first <= last) return true;
    // A step that is no sum of halves may be missed by a rounding.
    return !Number.isInteger(step) && first - last <= 1 &&
      Math.abs(most - first * step) < step * 1e-9;
  });
}

/** Whether a number as written is a multiple, by its decimal digits. */
function isMultiple(text: string, step: number): boolean {
  const [a, b] = [decimal(text), decimal(String(step))];
  if (b.digits === 0n) return false;
  const places = Math.max(a.places, b.places);
  if (places > 400) return Number.isInteger(Number(text) / step);
  const scaled = ({ digits, places: own }: Decimal) =>
    digits * 10n ** BigInt(places - own);
  return scaled(a) % scaled(b) === 0n;
}

interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

function decimal(text: string): Decimal {
  const [mantissa, exponent = "0"] = text.toLowerCase().split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places >= 0
    ? { digits, places }
    : { digits: digits * 10n ** BigInt(-places), places: 0 };
}

/** How a whole number of conditions stands. */
export function numberVerdict(
  condition: NumberCondition,
  text: string,
): Truth {
  return numberHolds(condition, text) ? HELD : FAILED;
}
