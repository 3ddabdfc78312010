/**
 * The matrices of one layer, small enough to be looked at.
 *
 * @module
 */

import type { SaveFile } from "../save_format.ts";
import { largestOf, layersOf } from "./layer_parts.ts";

/** A layer's matrices in 255 steps. */
export interface Picture {
  /** Which layer, from 0. */
  readonly layer: number;
  /** Largest absolute value: what a step of 127 stands for. */
  readonly largest: number;
  /** For each head `[N, N]` steps of -127 to 127, rows are value channels. */
  readonly heads: readonly Int8Array<ArrayBuffer>[];
}

/** Draws a layer; nothing if there is no such layer. */
export function picture(
  { save, format }: SaveFile,
  layer: number,
): Picture | undefined {
  const heads = layersOf(save.values, format.shape)[layer]?.heads;
  if (heads === undefined) return undefined;
  const largest = Math.max(...heads.map(largestOf));
  const step = largest === 0 ? 0 : 127 / largest;
  return {
    layer,
    largest,
    heads: heads.map((matrix) =>
      Int8Array.from(matrix, (x) => Math.round(x * step))
    ),
  };
}
