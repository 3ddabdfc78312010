/**
 * The values of a state as bytes, by six codecs.
 *
 * A codec writes the recurrent matrices of all layers first, then the attention
 * shifts, then the feed-forward shifts. Bytes per state, with k per channel:
 *
 * | codec   | bytes of `L D k`         | how                                     |
 * | ------- | ------------------------ | --------------------------------------- |
 * | `exact` | at most 264, usually 230 | byte planes, compressed; bit for bit    |
 * | `f16`   | 132                      | rounded to nearest even                 |
 * | `int10` | 88                       | rows after a Hadamard transform, scaled |
 * | `int8`  | 70                       | the same; the default                   |
 * | `int6`  | 54                       | the same                                |
 * | `int4`  | 38                       | the same                                |
 *
 * Every codec is idempotent: what was decoded encodes to the same bytes, so a
 * save that is loaded and saved again does not drift. Values that a lossy codec
 * cannot hold are written by `exact` instead.
 *
 * Typed arrays are read and written as they are, so the machine is assumed to be
 * little-endian, as WebGPU and WebAssembly assume.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { stateLength } from "../model/shape.ts";
import { atOnce, type Pace, type Steps } from "../steps.ts";
import { exact } from "./codec_exact.ts";
import { f16 } from "./codec_f16.ts";
import { rows } from "./codec_rows.ts";
import type { CodecName, SaveFormat } from "./save.ts";

/** Layers and width. */
export type StateShape = SaveFormat["shape"];

/** One way to write the values of a state. */
export interface Codec {
  /** Bytes that it writes, or writes at most where that depends on the values. */
  readonly size: (shape: StateShape) => { bytes: number; fixed: boolean };
  /**
   * Writes values, with `room` bytes in front of them for the caller to fill;
   * nothing if a value does not fit, as no infinity or NaN does.
   */
  readonly encode: (
    values: Float32Array,
    shape: StateShape,
    room: number,
    pace: Pace,
  ) => Steps<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Reads what it wrote, of the right size and at a multiple of 4 in memory.
   *
   * @throws {StateError} `ERR_STATE_UNREADABLE` if a value is not finite, or
   * could never have been written.
   */
  readonly decode: (
    bytes: Uint8Array,
    shape: StateShape,
    pace: Pace,
  ) => Steps<Float32Array<ArrayBuffer>>;
}

/** What {@linkcode encodeValues} wrote. */
export interface EncodedValues {
  /** The codec in use: `exact` where the one asked for could not hold a value. */
  readonly codec: CodecName;
  /** The values, at the end of their buffer. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const CODECS = {
  exact,
  f16,
  int10: rows(10),
  int8: rows(8),
  int6: rows(6),
  int4: rows(4),
} satisfies Record<CodecName, Codec>;

/** Every codec, the most faithful first; a save stores its place in this list. */
export const CODEC_NAMES: readonly CodecName[] = [
  "exact",
  "f16",
  "int10",
  "int8",
  "int6",
  "int4",
];

/** Bytes that the values take, `fixed` or at most. */
export function encodedSize(
  codec: CodecName,
  shape: StateShape,
): { bytes: number; fixed: boolean } {
  return CODECS[codec].size(shape);
}

/**
 * Writes `values` by `codec`, or by `exact` where a value is too large for it.
 *
 * @param room Bytes to leave free before them in their buffer, a multiple of 4:
 * whoever puts a header there need not copy the values.
 * @throws {StateError} `ERR_STATE_UNREADABLE` if a value is not finite: such a
 * state cannot be continued, so it must not become a save.
 */
export function encodeValues(
  values: Float32Array,
  codec: CodecName,
  shape: StateShape,
  room = 0,
): EncodedValues {
  return atOnce(encodingValues(values, codec, shape, room, "atOnce"));
}

/** Writes values as {@linkcode encodeValues} does, and the same bytes, in steps. */
export function* encodingValues(
  values: Float32Array,
  codec: CodecName,
  shape: StateShape,
  room: number,
  pace: Pace,
): Steps<EncodedValues> {
  const expected = stateLength(shape);
  if (values.length !== expected) {
    throw new RangeError(
      `Cannot encode state: it has ${values.length} values, expected ${expected}`,
    );
  }
  const bytes = yield* CODECS[codec].encode(values, shape, room, pace);
  if (bytes !== undefined) return { codec, bytes };
  const kept = yield* exact.encode(values, shape, room, pace);
  return { codec: "exact", bytes: kept };
}

/**
 * Reads what {@linkcode encodeValues} wrote by `codec`.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if the size is not the codec's, if
 * compressed bytes are damaged, or if a value is not finite.
 */
export function decodeValues(
  bytes: Uint8Array,
  codec: CodecName,
  shape: StateShape,
): Float32Array<ArrayBuffer> {
  return atOnce(decodingValues(bytes, codec, shape, "atOnce"));
}

/** Reads values as {@linkcode decodeValues} does, in steps. */
export function* decodingValues(
  bytes: Uint8Array,
  codec: CodecName,
  shape: StateShape,
  pace: Pace,
): Steps<Float32Array<ArrayBuffer>> {
  const size = encodedSize(codec, shape);
  const fits = size.fixed
    ? bytes.length === size.bytes
    : bytes.length <= size.bytes;
  if (!fits) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot decode state: ${bytes.length} bytes of ${codec} values, expected ${
        size.fixed ? "" : "at most "
      }${size.bytes}`,
    );
  }
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return yield* CODECS[codec].decode(aligned, shape, pace);
}
