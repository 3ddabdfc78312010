/**
 * Refuses infinities and NaN: a state with one in it can never be continued.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { loadHalves } from "../text/half.ts";

/** Values that are looked at in one step: about 1 ms. */
const CHECKED_VALUES_A_STEP = 2 ** 20;

/**
 * Checks f32 values, or f16 ones by their bits.
 *
 * @param verb `encode` or `decode`, for the message.
 * @throws {StateError} `ERR_STATE_UNREADABLE` naming the first that is not finite.
 */
export function* expectFinite(
  values: Float32Array | Uint16Array,
  verb: "encode" | "decode",
): Generator<void, void> {
  const at = yield* firstInfinite(values);
  if (at >= 0) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot ${verb} state: value ${at} is ${valueAt(values, at)}`,
    );
  }
}

/** The first that is infinite or NaN, or −1: all bits of its exponent are set. */
export function* firstInfinite(
  values: Float32Array | Uint16Array,
): Generator<void, number> {
  const { buffer, byteOffset, length } = values;
  const single = values instanceof Float32Array;
  const bits = single
    ? new Uint32Array(buffer, byteOffset, length)
    : new Uint16Array(buffer, byteOffset, length);
  const exponent = single ? 0x7f800000 : 0x7c00;
  for (let from = 0; from < length; from += CHECKED_VALUES_A_STEP) {
    const to = Math.min(from + CHECKED_VALUES_A_STEP, length);
    for (let i = from; i < to; i++) {
      if ((bits[i] & exponent) === exponent) return i;
    }
    yield;
  }
  return -1;
}

function valueAt(values: Float32Array | Uint16Array, at: number): number {
  if (values instanceof Float32Array) return values[at];
  const value = new Float32Array(1);
  loadHalves(values.subarray(at, at + 1), value);
  return value[0];
}
