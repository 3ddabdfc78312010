/**
 * Where other engines keep the values of a state, as flat f32.
 *
 * `wkv[h][i][j]` has value channel i and key channel j. Below, parts stand in the
 * order in which they are written, for each layer in turn:
 *
 * | layout      | a layer                                                        |
 * | ----------- | -------------------------------------------------------------- |
 * | `gosling`   | `att_shift[D] wkv[H][N][N] ffn_shift[D]`, also BlinkDL's `rwkv` |
 * | `rwkv.cpp`  | `ffn_shift[D] att_shift[D] wkv[H][N][N]`                       |
 * | `web-rwkv`  | `[N + 2][D]`: `att_shift`, for each j all `wkv[h][i][j]` at column `h N + i`, `ffn_shift`; also Ai00 |
 *
 * Sources: web-rwkv's `State::init_shape` (`src/runtime/v7.rs`) and
 * `time_mix_v7.wgsl`; rwkv.cpp's `rwkv_graph.inc`.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { N, stateLength } from "../../model/shape.ts";
import type { StateShape } from "../codec.ts";

/** An order of values in a flat array. */
export type FlatLayout = "gosling" | "rwkv.cpp" | "web-rwkv";

/** Where in a layer of width D each value is. */
interface Places {
  att(d: number, D: number): number;
  ffn(d: number, D: number): number;
  wkv(h: number, i: number, j: number, D: number): number;
}

const LAYOUTS: Readonly<Record<FlatLayout, Places>> = {
  "gosling": {
    att: (d) => d,
    wkv: (h, i, j, D) => D + (h * N + i) * N + j,
    ffn: (d, D) => D * (N + 1) + d,
  },
  "rwkv.cpp": {
    ffn: (d) => d,
    att: (d, D) => D + d,
    wkv: (h, i, j, D) => 2 * D + (h * N + i) * N + j,
  },
  "web-rwkv": {
    att: (d) => d,
    wkv: (h, i, j, D) => (1 + j) * D + h * N + i,
    ffn: (d, D) => D * (N + 1) + d,
  },
};

/** Moves values from one layout to another, a layer a step. */
export function* relayout(
  values: Float32Array,
  { L, D }: StateShape,
  from: FlatLayout,
  to: FlatLayout,
): Generator<void, Float32Array<ArrayBuffer>> {
  const moved = new Float32Array(values.length);
  const source = placesOf(LAYOUTS[from], D), target = placesOf(LAYOUTS[to], D);
  for (let l = 0; l < L; l++) {
    const layer = l * source.length;
    for (let i = 0; i < source.length; i++) {
      moved[layer + target[i]] = values[layer + source[i]];
    }
    yield;
  }
  return moved;
}

/** Places of one layer's values, in the order of this program. */
function placesOf({ att, wkv, ffn }: Places, D: number): Uint32Array {
  const places = new Uint32Array(D * (N + 2));
  let at = 0;
  for (let d = 0; d < D; d++) places[at++] = att(d, D);
  for (let h = 0; h < D / N; h++) {
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) places[at++] = wkv(h, i, j, D);
    }
  }
  for (let d = 0; d < D; d++) places[at++] = ffn(d, D);
  return places;
}

/**
 * Reads flat little-endian f32.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if there are not as many as a state
 * has.
 */
export function* readFlat(
  bytes: Uint8Array,
  shape: StateShape,
  layout: FlatLayout,
): Generator<void, Float32Array<ArrayBuffer>> {
  const expected = 4 * stateLength(shape);
  if (bytes.length !== expected) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot convert state: ${bytes.length} bytes of ${layout}, expected ${expected} for L ${shape.L}, D ${shape.D}`,
    );
  }
  const values = new Float32Array(bytes.slice().buffer);
  return yield* relayout(values, shape, layout, "gosling");
}

/** Writes flat little-endian f32. */
export function* writeFlat(
  values: Float32Array,
  shape: StateShape,
  layout: FlatLayout,
): Generator<void, Uint8Array<ArrayBuffer>> {
  const moved = yield* relayout(values, shape, "gosling", layout);
  return new Uint8Array(moved.buffer);
}
