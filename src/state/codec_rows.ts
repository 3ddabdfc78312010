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
 * Oracle: the `codec.*` vectors of `test/fixtures/goldens`, byte for byte.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { N, stateLength } from "../model/shape.ts";
import type { Codec, StateShape } from "./codec.ts";
import { readShifts, writeShifts } from "./codec_f16.ts";
import { expectFinite, firstInfinite } from "./finite.ts";
import { hadamard } from "./hadamard.ts";
import { pack, packedBytes, unpack } from "./pack.ts";

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

function encode(
  values: Float32Array,
  shape: StateShape,
  bits: number,
  room: number,
): Uint8Array<ArrayBuffer> | undefined {
  const { L, D } = shape, rows = L * D;
  const { fields, shifts, end } = layout(shape, bits);
  const bytes = new Uint8Array(room + end).subarray(room);
  const halves = new Float16Array(bytes.buffer, room + shifts);
  writeShifts(values, halves, shape);
  if (firstInfinite(halves) >= 0) return undefined;

  const scales = scaleWords(bytes, rows, bits);
  const top = 2 ** (bits - 1) - 1, offset = 2 ** (bits - 1) + 0.5;
  const x = new Float32Array(N), q = new Uint16Array(N);
  const xBits = new Uint32Array(x.buffer);
  for (let row = 0; row < rows; row++) {
    hadamard(values, rowStart(row, D), x, 0);
    const most = largest(xBits);
    if (!Number.isFinite(most)) return undefined;
    const word = scaleWord(most / top, bits), scale = scaleOf(word, bits);
    if (scale > LARGEST) return undefined;
    if (scale < SMALLEST) {
      q.fill(top + 1);
    } else {
      scales[row] = word;
      // With the offset the sum is positive, where to truncate is to floor.
      for (let j = 0; j < N; j++) q[j] = Math.fround(x[j] / scale) + offset;
    }
    pack(q, bits, bytes, fields, row, rows);
  }
  return bytes;
}

function decode(
  bytes: Uint8Array,
  shape: StateShape,
  bits: number,
): Float32Array<ArrayBuffer> {
  const { L, D } = shape, rows = L * D;
  const { fields, shifts } = layout(shape, bits);
  const { buffer, byteOffset } = bytes;
  const values = new Float32Array(stateLength(shape));
  const halves = new Float16Array(buffer, byteOffset + shifts, 2 * rows);
  expectFinite(halves, "decode");
  readShifts(halves, values, shape);

  const scales = scaleWords(bytes, rows, bits);
  const zero = 2 ** (bits - 1);
  const x = new Float32Array(N), q = new Uint16Array(N);
  for (let row = 0; row < rows; row++) {
    const scale = scaleOf(scales[row], bits);
    if (scale === 0) continue;
    if (!(scale >= SMALLEST && scale <= LARGEST)) {
      throw new StateError(
        "ERR_STATE_UNREADABLE",
        `Cannot decode state: the scale of row ${row} is ${scale}`,
      );
    }
    unpack(q, bits, bytes, fields, row, rows);
    for (let j = 0; j < N; j++) x[j] = (q[j] - zero) * scale;
    hadamard(x, 0, values, rowStart(row, D));
  }
  return values;
}

/** Where a row of all layers' matrices begins among the values. */
function rowStart(row: number, D: number): number {
  const layer = Math.floor(row / D);
  return row * N + (2 * layer + 1) * D;
}

/**
 * The largest absolute value of the floats with these bits. As integers they are
 * in the same order, and NaN, which may come from sums that overflowed, is above
 * all.
 */
function largest(bits: Uint32Array): number {
  let most = 0;
  for (let j = 0; j < N; j++) {
    const magnitude = bits[j] & 0x7fffffff;
    if (magnitude > most) most = magnitude;
  }
  word[0] = most;
  return float[0];
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

/** Rounds a scale to what is stored: ties to even. */
function scaleWord(scale: number, bits: number): number {
  float[0] = scale;
  const [u] = word;
  return bits > 8
    ? (u + 0x7f + (u >>> 8 & 1) & 0xffffff00) >>> 0
    : u + 0x7fff + (u >>> 16 & 1) >>> 16;
}

/** The scale that a stored word means. */
function scaleOf(stored: number, bits: number): number {
  word[0] = bits > 8 ? stored : stored << 16;
  return float[0];
}
