/**
 * `f16`: every value rounded to the nearest half-precision number.
 *
 * @module
 */

import { N, stateLength } from "../model/shape.ts";
import { loadHalves, storeHalves } from "../text/half.ts";
import type { Codec, StateShape } from "./codec.ts";
import { expectFinite, firstInfinite } from "./finite_values.ts";

/** The codec. */
export const f16 = {
  size: (shape: StateShape) => ({ bytes: 2 * stateLength(shape), fixed: true }),
  encode,
  decode,
} satisfies Codec;

function* encode(
  values: Float32Array,
  shape: StateShape,
  room: number,
): Generator<void, Uint8Array<ArrayBuffer> | undefined> {
  const { L, D } = shape, matrix = D * N;
  const bytes = new Uint8Array(room + 2 * values.length).subarray(room);
  const halves = new Uint16Array(bytes.buffer, room);
  for (let l = 0; l < L; l++) {
    const from = l * D * (N + 2) + D;
    storeHalves(values.subarray(from, from + matrix), halves, l * matrix);
    yield;
  }
  writeShifts(values, halves.subarray(L * matrix), shape);
  return (yield* firstInfinite(halves)) >= 0 ? undefined : bytes;
}

function* decode(
  { buffer, byteOffset }: Uint8Array,
  shape: StateShape,
): Generator<void, Float32Array<ArrayBuffer>> {
  const { L, D } = shape, matrix = D * N;
  const values = new Float32Array(stateLength(shape));
  const halves = new Uint16Array(buffer, byteOffset, values.length);
  yield* expectFinite(halves, "decode");
  for (let l = 0; l < L; l++) {
    const matrices = halves.subarray(l * matrix, (l + 1) * matrix);
    loadHalves(matrices, values, l * D * (N + 2) + D);
    yield;
  }
  readShifts(halves.subarray(L * matrix), values, shape);
  return values;
}

/** Writes the attention shifts of all layers, then the feed-forward shifts. */
export function writeShifts(
  values: Float32Array,
  halves: Uint16Array,
  { L, D }: StateShape,
): void {
  for (let l = 0; l < L; l++) {
    const layer = l * D * (N + 2), last = layer + D * (N + 1);
    storeHalves(values.subarray(layer, layer + D), halves, l * D);
    storeHalves(values.subarray(last, last + D), halves, (L + l) * D);
  }
}

/** Reads what {@linkcode writeShifts} wrote. */
export function readShifts(
  halves: Uint16Array,
  values: Float32Array,
  { L, D }: StateShape,
): void {
  for (let l = 0; l < L; l++) {
    const layer = l * D * (N + 2), last = layer + D * (N + 1);
    loadHalves(halves.subarray(l * D, (l + 1) * D), values, layer);
    loadHalves(halves.subarray((L + l) * D, (L + l + 1) * D), values, last);
  }
}
