/**
 * How a matrix is kept on a device: as its file has it, or quantised.
 *
 * @module
 */

import type { StoredType } from "../model/checkpoint.ts";
import type { Quantization } from "./device.ts";

/** The formats; the number is what kernels call them, on both devices. */
export const MATRIX_FORMATS = {
  F32: 0,
  F16: 1,
  BF16: 2,
  int8: 3,
  int4: 4,
} as const;

/** One of {@linkcode MATRIX_FORMATS}. */
export type MatrixFormat = keyof typeof MATRIX_FORMATS;

/** The format of the large matrices of a checkpoint. */
export function matrixFormat(
  stored: StoredType,
  quantization: Quantization,
): MatrixFormat {
  return quantization === "none" ? stored : quantization;
}

/**
 * The format of the LoRA matrices: small and delicate, so two bytes a weight
 * where the large ones are integers.
 */
export function loraFormat(
  stored: StoredType,
  quantization: Quantization,
): StoredType {
  return quantization !== "none" && stored === "F32" ? "F16" : stored;
}
