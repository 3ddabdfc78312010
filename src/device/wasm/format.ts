/**
 * How matrices are kept, and how many bytes that takes. wasm/panel.ts describes
 * the bytes.
 *
 * @module
 */

import type { StoredType } from "../../model/checkpoint.ts";
import type { Quantization } from "../device.ts";

/** The kernels' numbers for formats. */
export const FORMATS = { F32: 0, F16: 1, BF16: 2, int8: 3, int4: 4 } as const;

/** A format's name. */
export type Format = keyof typeof FORMATS;

/** See `Device.packing`: one more at each change of what is packed. */
export const PACKING = "wasm 2";

/** Rows of a panel. */
export const PANEL = 16;

/** Columns that share a scale. */
export const BLOCK = 64;

/** Bytes of a quantised activation block. */
const ACTIVATION_BLOCK = 144;

/** The least multiple of `step` that is not below `n`. */
export function roundUp(n: number, step: number): number {
  return Math.ceil(n / step) * step;
}

/** Bytes of one panel. */
export function panelBytes(format: Format, columns: number): number {
  switch (format) {
    case "F32":
      return columns * 64;
    case "F16":
    case "BF16":
      return columns * 32;
    case "int8":
      return columns / BLOCK * (64 + 1024);
    case "int4":
      return columns / BLOCK * (64 + 512);
  }
}

/** Bytes of a row of the embedding. */
export function rowBytes(format: Format, columns: number): number {
  switch (format) {
    case "F32":
      return columns * 4;
    case "F16":
    case "BF16":
      return columns * 2;
    case "int8":
    case "int4":
      return columns / BLOCK * (BLOCK + 4);
  }
}

/** Bytes of a quantised row of activations. */
export function activationBytes(columns: number): number {
  return columns / BLOCK * ACTIVATION_BLOCK;
}

/** The format of the large matrices. */
export function matrixFormat(
  quantization: Quantization,
  stored: StoredType,
): Format {
  return quantization === "none" ? stored : quantization;
}

/**
 * The format of the LoRA matrices: small and delicate, so two bytes a weight
 * where the large ones are integers.
 */
export function loraFormat(
  quantization: Quantization,
  stored: StoredType,
): Format {
  return quantization !== "none" && stored === "F32" ? "F16" : stored;
}
