/**
 * Tokens as a layer's mixing sees them: a query, a key and a value a head, how
 * strongly to write and how much to keep.
 *
 * @module
 */

import { N } from "../../src/model/shape.ts";
import { random } from "../../test/support/random.ts";

/** Tokens of one layer's mixing, exact in f32. */
export interface Stream {
  /** Tokens. */
  readonly T: number;
  /** Heads. */
  readonly H: number;
  /** Queries, `[T, H, N]`. */
  readonly q: Float32Array<ArrayBuffer>;
  /** Keys of unit norm, `[T, H, N]`. */
  readonly k: Float32Array<ArrayBuffer>;
  /** Values, `[T, H, N]`. */
  readonly v: Float32Array<ArrayBuffer>;
  /** Write strength in [0, 1], `[T, H]`. */
  readonly b: Float32Array<ArrayBuffer>;
  /** Share of the memory kept in [0, 1], `[T, H]`. */
  readonly g: Float32Array<ArrayBuffer>;
}

/** `T` tokens for `H` heads: unit vectors, strengths above 0.5, gates near 1. */
export function randomStream(T: number, H: number, seed: number): Stream {
  const next = random(seed);
  const scalars = (low: number, high: number) =>
    Float32Array.from({ length: T * H }, () => low + (high - low) * next());
  return {
    T,
    H,
    q: unitVectors(T * H, next),
    k: unitVectors(T * H, next),
    v: unitVectors(T * H, next),
    b: scalars(0.5, 1),
    g: scalars(0.95, 1),
  };
}

/** `count` vectors drawn evenly from the unit sphere, `[count, N]`. */
export function unitVectors(
  count: number,
  next: () => number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count * N);
  for (let at = 0; at < out.length; at += N) {
    let squares = 0;
    for (let i = 0; i < N; i++) {
      const x = Math.sqrt(-2 * Math.log(1 - next())) *
        Math.cos(2 * Math.PI * next());
      out[at + i] = x;
      squares += x * x;
    }
    for (let i = 0; i < N; i++) out[at + i] /= Math.sqrt(squares);
  }
  return out;
}
