/**
 * Numbers by their decimal digits, exactly: a number of JSON is written so, and a
 * schema's bounds and steps are.
 *
 * @module
 */

/** `digits / 10^places`. */
export interface Decimal {
  /** All digits, with the sign. */
  readonly digits: bigint;
  /** How many of them stand behind the point; not negative. */
  readonly places: number;
}

/** Reads a number of JSON. */
export function decimalOf(text: string): Decimal {
  const [mantissa, exponent = "0"] = text.toLowerCase().split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places >= 0
    ? { digits, places }
    : { digits: digits * powerOf10(-places), places: 0 };
}

/** `10^exponent`, for exponents that are not negative. */
export function powerOf10(exponent: number): bigint {
  return POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);
}

const POWERS_OF_TEN = Array.from({ length: 64 }, (_, i) => 10n ** BigInt(i));

/** The digits of a number with more places. */
export function scaled({ digits, places }: Decimal, to: number): bigint {
  return digits * powerOf10(to - places);
}

/** The least multiple of two numbers that are not 0. */
export function leastMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return a / x * b;
}

/** Whether a multiple of `step` lies from `from` to `to`, both of them in. */
export function hasMultiple(from: bigint, to: bigint, step: bigint): boolean {
  return floorTo(to, step) >= from;
}

/** The largest multiple of `step` that is not above `value`. */
function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return rest < 0n ? value - rest - step : value - rest;
}
