/**
 * `int10 int8 int6 int4`: integers with one scale a row.
 *
 * A row of a recurrent matrix is one output channel, and a group norm follows, so
 * what counts is the error relative to the row. Each row of `N` is Hadamard
 * transformed, then
 *
 * ```text
 * s = max |x| / (2^(bits − 1) − 1)     to the nearest bf16; f32 with its low 8
 *                                      bits rounded away where bits > 8
 * q = floor(x / s + ½)                 0 where s is 0
 * ```
 *
 * The file has the scales, then `q + 2^(bits − 1)` in fields of `bits`, lowest
 * bits first (of 10 bits the high 8 of all fields, then the low 2), then the
 * shifts as f16.
 *
 * Why re-saving changes nothing: rounded to nearest, the coarse scale leaves the
 * largest `|q|` at its maximum, from which the same scale is found again; sums of
 * 64 terms `q s` fit into 24 bits (for 8-bit `q` and `s`), so the transform and
 * its inverse are exact. Scales stay within 2^±100, where nothing is subnormal or
 * overflows: smaller rows become zeros, larger ones are for `exact`.
 *
 * The arithmetic is in wasm/codec: a state of the 0.1B shape takes 0.7 ms where
 * the same in JavaScript took 2.7, on the thread that all requests wait for.
 *
 * Oracle: the `codec.*` vectors of `test/fixtures/goldens`, byte for byte.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { N, stateLength } from "../model/shape.ts";
import type { Codec, StateShape } from "./codec.ts";
import { readShifts, writeShifts } from "./codec_f16.ts";
import {
  codecKernels,
  FIELD_BYTES,
  FIELD_WORDS,
  FLOATS,
  ROWS,
  SCALES,
  wipeCodecMemory,
} from "./codec_memory.ts";
import { expectFinite, firstInfinite } from "./finite_values.ts";
import { pack, packedBytes, unpack } from "./packed_fields.ts";

const SMALLEST = 2 ** -100;
const LARGEST = 2 ** 100;

/** Makes the codec of `bits` a coefficient. */
export function rows(bits: 4 | 6 | 8 | 10): Codec {
  return {
    size: (shape) => ({ bytes: layout(shape, bits).end, fixed: true }),
    encode: (values, shape, room) => encode(values, shape, bits, room),
    decode: (bytes, shape) => decode(bytes, shape, bits),
  };
}

/** Where the parts of a file begin, in bytes. */
function layout(
  { L, D }: StateShape,
  bits: number,
): { fields: number; shifts: number; end: number } {
  const fields = L * D * (bits > 8 ? 4 : 2);
  const shifts = fields + packedBytes(L * D, bits);
  return { fields, shifts, end: shifts + 4 * L * D };
}

function* encode(
  values: Float32Array,
  shape: StateShape,
  bits: number,
  room: number,
): Generator<void, Uint8Array<ArrayBuffer> | undefined> {
  const { L, D } = shape, rows = L * D;
  const { fields, shifts, end } = layout(shape, bits);
  const bytes = new Uint8Array(room + end).subarray(room);
  const halves = new Uint16Array(bytes.buffer, room + shifts);
  writeShifts(values, halves, shape);
  if ((yield* firstInfinite(halves)) >= 0) return undefined;

  const scales = scaleWords(bytes, rows, bits);
  try {
    for (let row = 0; row < rows;) {
      const count = rowsTogether(row, rows, D), start = rowStart(row, D);
      FLOATS.set(values.subarray(start, start + count * N));
      if (!codecKernels.encode(count, bits)) return undefined;
      scales.set(SCALES.subarray(0, count), row);
      writeFields(bits, bytes, fields, row, count, rows);
      row += count;
      // What is in the kernels' memory now is needed no more: others may use it.
      yield;
    }
  } finally {
    wipeCodecMemory();
  }
  return bytes;
}

function* decode(
  bytes: Uint8Array,
  shape: StateShape,
  bits: number,
): Generator<void, Float32Array<ArrayBuffer>> {
  const { L, D } = shape, rows = L * D;
  const { fields, shifts } = layout(shape, bits);
  const { buffer, byteOffset } = bytes;
  const values = new Float32Array(stateLength(shape));
  const halves = new Uint16Array(buffer, byteOffset + shifts, 2 * rows);
  yield* expectFinite(halves, "decode");
  readShifts(halves, values, shape);

  const scales = scaleWords(bytes, rows, bits);
  expectScales(scales, bits);
  try {
    for (let row = 0; row < rows;) {
      const count = rowsTogether(row, rows, D), start = rowStart(row, D);
      SCALES.set(scales.subarray(row, row + count));
      readFields(bits, bytes, fields, row, count, rows);
      codecKernels.decode(count, bits);
      values.set(FLOATS.subarray(0, count * N), start);
      row += count;
      yield;
    }
  } finally {
    wipeCodecMemory();
  }
  return values;
}

/** Where a row of all layers' matrices begins among the values. */
function rowStart(row: number, D: number): number {
  const layer = Math.floor(row / D);
  return row * N + (2 * layer + 1) * D;
}

/** How many rows follow each other in memory and fit into the kernels'. */
function rowsTogether(row: number, rows: number, D: number): number {
  return Math.min(ROWS, rows - row, D - row % D);
}

/** Refuses scales that no encoder writes. */
function expectScales(scales: Uint16Array | Uint32Array, bits: number): void {
  for (const [row, stored] of scales.entries()) {
    const scale = scaleOf(stored, bits);
    if (scale === 0 || scale >= SMALLEST && scale <= LARGEST) continue;
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot decode state: the scale of row ${row} is ${scale}`,
    );
  }
}

/** Packs the kernels' fields into a file. */
function writeFields(
  bits: number,
  bytes: Uint8Array,
  start: number,
  row: number,
  count: number,
  rows: number,
): void {
  if (bits === 8) {
    bytes.set(FIELD_BYTES.subarray(0, count * N), start + row * N);
    return;
  }
  const fields = bits > 8 ? FIELD_WORDS : FIELD_BYTES;
  for (let r = 0; r < count; r++) {
    pack(fields, r * N, bits, bytes, start, row + r, rows);
  }
}

/** Unpacks a file's fields to where the kernels take them. */
function readFields(
  bits: number,
  bytes: Uint8Array,
  start: number,
  row: number,
  count: number,
  rows: number,
): void {
  if (bits === 8) {
    const at = start + row * N;
    FIELD_BYTES.set(bytes.subarray(at, at + count * N));
    return;
  }
  const fields = bits > 8 ? FIELD_WORDS : FIELD_BYTES;
  for (let r = 0; r < count; r++) {
    unpack(fields, r * N, bits, bytes, start, row + r, rows);
  }
}

/** The scales of a file, as they are stored. */
function scaleWords(
  { buffer, byteOffset }: Uint8Array,
  rows: number,
  bits: number,
): Uint16Array | Uint32Array {
  return bits > 8
    ? new Uint32Array(buffer, byteOffset, rows)
    : new Uint16Array(buffer, byteOffset, rows);
}

const float = new Float32Array(1), word = new Uint32Array(float.buffer);

/** The scale that a stored word means. */
function scaleOf(stored: number, bits: number): number {
  word[0] = bits > 8 ? stored : stored << 16;
  return float[0];
}
