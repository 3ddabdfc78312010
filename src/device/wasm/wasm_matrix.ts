/**
 * How matrices are kept, and how many bytes that takes. wasm/panel.ts describes
 * the bytes.
 *
 * @module
 */

import type { MatrixFormat } from "../matrix_format.ts";

/** See `Device.packing`: one more at each change of what is packed. */
export const WASM_PACKING = "wasm 2";

/** Rows of a panel. */
export const PANEL = 16;

/** Columns that share a scale. */
export const PANEL_BLOCK = 64;

/** Bytes of scratch that a product takes. */
export const PRODUCT_SCRATCH = 40_960;

/** Rows of quantised activations that lie together. */
export const QUAD = 4;

/** Bytes of 64 quantised activations, a quarter of a quad's. */
const ACTIVATION_BLOCK = 80;

/** The least multiple of `step` that is not below `n`. */
export function roundUp(n: number, step: number): number {
  return Math.ceil(n / step) * step;
}

/** Bytes of one panel. */
export function panelBytes(format: MatrixFormat, columns: number): number {
  switch (format) {
    case "F32":
      return columns * 64;
    case "F16":
    case "BF16":
      return columns * 32;
    case "int8":
      return columns / PANEL_BLOCK * (64 + 1024);
    case "int4":
      return columns / PANEL_BLOCK * (64 + 512);
  }
}

/** Bytes of a row of the embedding. */
export function rowBytes(format: MatrixFormat, columns: number): number {
  switch (format) {
    case "F32":
      return columns * 4;
    case "F16":
    case "BF16":
      return columns * 2;
    case "int8":
    case "int4":
      return columns / PANEL_BLOCK * (PANEL_BLOCK + 4);
  }
}

/** Bytes of a quantised row of activations; rows fill quads. */
export function activationBytes(columns: number): number {
  return columns / PANEL_BLOCK * ACTIVATION_BLOCK;
}
