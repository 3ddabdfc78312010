/**
 * How matrices lie in memory, and how they get there.
 *
 * Idea: a matrix `[rows, columns]` is cut into panels of 16 rows. Inside a panel
 * the columns follow each other, each with its 16 rows, so that a product keeps 16
 * sums in four vectors and reads the panel as one stream.
 *
 * Layout of a panel, by format:
 * - F32: per column 16 f32.
 * - F16, BF16: per column two vectors; lane i of the first holds row i in its low
 *   half and row 4 + i in its high half, the second rows 8 + i and 12 + i.
 * - INT8: per 64 columns 16 headers, then per 4 columns 16 rows of 4 i8.
 * - INT4: per 64 columns 16 headers, then per 8 columns 16 rows of 4 bytes; byte c
 *   holds column c in its low and column 4 + c in its high nibble.
 *
 * An INT8 header is a u32: bf16 scale in the high half, the i16 sum of the block's
 * 64 integers in the low half. An INT4 header: bf16 scale high, bf16 offset low,
 * and a weight is scale · n + offset, n in 0..15.
 *
 * Rows and columns that only fill up are zeros.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { Format } from "./plan";

/** Rows of a panel. */
export const PANEL: u32 = 16;

/** Columns that share a scale. */
export const BLOCK: u32 = 64;

/** Bytes of a block of 16 rows, headers included. */
export const INT8_BLOCK: u32 = 64 + 1024;
export const INT4_BLOCK: u32 = 64 + 512;

/** Bytes of one panel. */
export function panelBytes(format: u32, columns: u32): u32 {
  if (format === Format.F32) return columns * 64;
  if (format === Format.INT8) return columns / BLOCK * INT8_BLOCK;
  if (format === Format.INT4) return columns / BLOCK * INT4_BLOCK;
  return columns * 32;
}
