/**
 * How far two states of one model are apart, layer by layer and head by head.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { Save, SaveFormat } from "../save.ts";
import { layersOf } from "./layer_parts.ts";

/** How far two vectors are apart. */
export interface Distance {
  /** Euclidean norm of the difference. */
  readonly absolute: number;
  /** The same over the larger norm of the two; 0 if they are equal. */
  readonly relative: number;
  /** Cosine of the angle between them; 1 if they are equal, 0 if one is zero. */
  readonly cosine: number;
}

/** How far two saves are apart. */
export interface Diff {
  /** Whether all values are equal. */
  readonly equal: boolean;
  /** Whether both have read the same tokens. */
  readonly sameText: boolean;
  /** Tokens that the second has read more than the first. */
  readonly positions: number;
  /** The whole state. */
  readonly total: Distance;
  /** Each layer. */
  readonly layers: readonly LayerDiff[];
}

/** How far two layers are apart. */
export interface LayerDiff {
  /** Attention shift. */
  readonly attShift: Distance;
  /** All recurrent matrices. */
  readonly wkv: Distance;
  /** Each recurrent matrix. */
  readonly heads: readonly Distance[];
  /** Feed-forward shift. */
  readonly ffnShift: Distance;
}

/** A save and whose it is. */
export interface Owned {
  /** The save. */
  readonly save: Save;
  /** Whose it is. */
  readonly format: SaveFormat;
}

/**
 * Compares two saves.
 *
 * @throws {StateError} `ERR_STATE_MISMATCH` if they are of different models.
 */
export function diff(a: Owned, b: Owned): Diff {
  const work = diffing(a, b);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Compares two saves as {@linkcode diff} does, a layer at a time. */
export function* diffing(a: Owned, b: Owned): Generator<void, Diff> {
  expectSameModel([a, b]);
  const left = layersOf(a.save.values, a.format.shape);
  const right = layersOf(b.save.values, b.format.shape);
  const total = new DifferenceSums();
  const layers: LayerDiff[] = [];
  let equal = true;
  for (const [l, layer] of left.entries()) {
    const other = right[l];
    const wkv = new DifferenceSums();
    const heads = layer.heads.map((head, h) => {
      const sums = new DifferenceSums().add(head, other.heads[h]);
      wkv.join(sums);
      equal &&= sums.equal;
      return sums.distance();
    });
    const attShift = new DifferenceSums().add(layer.attShift, other.attShift);
    const ffnShift = new DifferenceSums().add(layer.ffnShift, other.ffnShift);
    total.join(wkv).join(attShift).join(ffnShift);
    equal &&= attShift.equal && ffnShift.equal;
    layers.push({
      attShift: attShift.distance(),
      wkv: wkv.distance(),
      heads,
      ffnShift: ffnShift.distance(),
    });
    yield;
  }
  return {
    equal,
    sameText: a.save.chain.every((byte, i) => byte === b.save.chain[i]),
    positions: b.save.position - a.save.position,
    total: total.distance(),
    layers,
  };
}

/**
 * Refuses saves that do not belong to one model.
 *
 * @throws {StateError} `ERR_STATE_MISMATCH` naming the first that differs from the
 * first of all, and both fingerprints.
 */
export function expectSameModel(saves: readonly Owned[]): void {
  const [first, ...others] = saves.map(({ format }) =>
    format.fingerprint.toHex()
  );
  const at = others.findIndex((fingerprint) => fingerprint !== first);
  if (at >= 0) {
    throw new StateError(
      "ERR_STATE_MISMATCH",
      `Cannot compare states: the fingerprint of state 1 is ${first}, of state ${
        at + 2
      } ${others[at]}`,
    );
  }
}

/** Sums of products over pairs of values. */
class DifferenceSums {
  #aa = 0;
  #bb = 0;
  #ab = 0;
  #dd = 0;
  /** Whether all pairs are of equals: differences too small to be squared count. */
  equal = true;

  add(a: Float32Array, b: Float32Array): this {
    let aa = 0, bb = 0, ab = 0, dd = 0;
    for (let i = 0; i < a.length; i++) {
      const x = a[i], y = b[i], difference = x - y;
      aa += x * x;
      bb += y * y;
      ab += x * y;
      dd += difference * difference;
      if (x !== y) this.equal = false;
    }
    this.#aa += aa;
    this.#bb += bb;
    this.#ab += ab;
    this.#dd += dd;
    return this;
  }

  join(other: DifferenceSums): this {
    this.#aa += other.#aa;
    this.#bb += other.#bb;
    this.#ab += other.#ab;
    this.#dd += other.#dd;
    return this;
  }

  distance(): Distance {
    const [aa, bb, dd] = [this.#aa, this.#bb, this.#dd].map(Math.sqrt);
    return {
      absolute: dd,
      relative: dd === 0 ? 0 : dd / Math.max(aa, bb),
      cosine: dd === 0 ? 1 : aa * bb === 0 ? 0 : this.#ab / (aa * bb),
    };
  }
}
