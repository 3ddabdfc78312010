/**
 * `exact`: the bits themselves. Signs and exponents of a state are much alike and
 * mantissas are noise, so the bytes of the matrices are sorted by significance
 * (all lowest bytes, then the next, …) before they are compressed; the shifts
 * follow as f32.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { N, stateLength } from "../model/shape.ts";
import type { Codec, StateShape } from "./codec.ts";
import type { Pace, Steps } from "../steps.ts";
import { compressedSize, compressing, decompressing } from "./compress.ts";
import { expectFinite } from "./finite_values.ts";
import { withoutEmptyFrame, zstdFrameLength } from "./zstd_frame.ts";

/** The codec. Not even the sign of a zero is lost. */
export const exact = {
  size: (shape: StateShape) => ({
    bytes: compressedSize(4 * stateLength(shape)),
    fixed: false,
  }),
  *encode(
    values: Float32Array,
    shape: StateShape,
    room: number,
    pace: Pace,
  ): Steps<Uint8Array<ArrayBuffer>> {
    yield* expectFinite(values, "encode");
    const planes = yield* toPlanes(values, shape);
    const compressed = yield* compressing(planes, pace);
    const bytes = new Uint8Array(room + compressed.length).subarray(room);
    bytes.set(compressed);
    return bytes;
  },
  *decode(
    given: Uint8Array,
    shape: StateShape,
    pace: Pace,
  ): Steps<Float32Array<ArrayBuffer>> {
    // Saves of before have one.
    const bytes = withoutEmptyFrame(given);
    const frame = zstdFrameLength(bytes);
    if (frame !== bytes.length) {
      throw new StateError(
        "ERR_STATE_UNREADABLE",
        `Cannot decode state: its ${bytes.length} bytes of compressed values ` +
          `are ${frame === undefined ? "no frame" : `a frame of ${frame}`}`,
      );
    }
    const planes = yield* decompressing(bytes, 4 * stateLength(shape), pace);
    const values = yield* fromPlanes(planes, shape);
    yield* expectFinite(values, "decode");
    return values;
  },
} satisfies Codec;

/** Sorts the bytes of a state by significance; `4 L D (N + 2)` bytes. */
export function* toPlanes(
  values: Float32Array,
  { L, D }: StateShape,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const matrix = D * N, plane = L * matrix;
  const bytes = new Uint8Array(4 * stateLength({ L, D }));
  const shifts = new Uint32Array(bytes.buffer, 4 * plane);
  const words = new Uint32Array(
    values.buffer,
    values.byteOffset,
    values.length,
  );
  let at = 0;
  for (let l = 0; l < L; l++) {
    const layer = l * D * (N + 2), from = layer + D, to = from + matrix;
    shifts.set(words.subarray(layer, from), l * D);
    shifts.set(words.subarray(to, to + D), (L + l) * D);
    for (let i = from; i < to; i++, at++) {
      const word = words[i];
      bytes[at] = word;
      bytes[at + plane] = word >>> 8;
      bytes[at + 2 * plane] = word >>> 16;
      bytes[at + 3 * plane] = word >>> 24;
    }
    yield;
  }
  return bytes;
}

/** Undoes {@linkcode toPlanes}. */
export function* fromPlanes(
  bytes: Uint8Array,
  { L, D }: StateShape,
): Generator<void, Float32Array<ArrayBuffer>> {
  const matrix = D * N, plane = L * matrix;
  const values = new Float32Array(stateLength({ L, D }));
  const words = new Uint32Array(values.buffer);
  const shifts = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset + 4 * plane,
    2 * L * D,
  );
  let at = 0;
  for (let l = 0; l < L; l++) {
    const layer = l * D * (N + 2), from = layer + D, to = from + matrix;
    words.set(shifts.subarray(l * D, (l + 1) * D), layer);
    words.set(shifts.subarray((L + l) * D, (L + l + 1) * D), to);
    for (let i = from; i < to; i++, at++) {
      words[i] = bytes[at] | bytes[at + plane] << 8 |
        bytes[at + 2 * plane] << 16 | bytes[at + 3 * plane] << 24;
    }
    yield;
  }
  return values;
}
