/**
 * Weights as bytes: blocks of 64 rows, in which the 16 bytes that follow each
 * other along a row lie side by side over the rows.
 *
 * @module
 */

import type { MatrixFormat } from "../matrix_format.ts";

import { quantizeRows } from "./quantize.ts";

/** See `Device.packing`: one more at each change of what is packed. */
export const WEBGPU_PACKING = "webgpu 3";

/** Rows of a block. */
export const BLOCK_ROWS = 64;

/** Weights that 16 bytes hold. */
export const PER_LOAD: Readonly<Record<MatrixFormat, number>> = {
  F32: 4,
  F16: 8,
  BF16: 8,
  int8: 16,
  int4: 32,
};

/** Rows padded to whole blocks. */
export function paddedRows(rows: number): number {
  return Math.ceil(rows / BLOCK_ROWS) * BLOCK_ROWS;
}

/**
 * Packs rows, the last block padded with zeros: the bytes of
 * {@linkcode MatrixPart.weights}, and behind them, if the format has scales, those
 * of {@linkcode MatrixPart.scales}.
 */
export function packBlocks(
  values: Float32Array,
  columns: number,
  format: MatrixFormat,
): Uint8Array<ArrayBuffer> {
  const rows = values.length / columns;
  const per = PER_LOAD[format];
  const loads = columns / per;
  const pairs = Math.ceil(columns / 64);
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const elements = packElements(values, format);
  const size = 16 * blocks * loads * BLOCK_ROWS;
  const scalesPerRow = elements.scales.length / rows;
  const scaleCount = scalesPerRow > 0 ? 2 * blocks * pairs * BLOCK_ROWS : 0;
  const bytes = new Uint8Array(size + 2 * scaleCount);
  const scales = new Float16Array(bytes.buffer, size, scaleCount);

  const { packed } = elements;
  const perLoad = 16 / packed.BYTES_PER_ELEMENT;
  const target = elements.view(bytes.buffer);
  for (let row = 0; row < rows; row++) {
    const block = Math.floor(row / BLOCK_ROWS);
    let from = row * loads * perLoad;
    let to = (block * loads * BLOCK_ROWS + row % BLOCK_ROWS) * perLoad;
    for (let load = 0; load < loads; load++) {
      for (let e = 0; e < perLoad; e++) target[to + e] = packed[from + e];
      from += perLoad;
      to += BLOCK_ROWS * perLoad;
    }
    for (let b = 0; b < scalesPerRow; b++) {
      const pair = block * pairs + (b >> 1);
      scales[2 * (pair * BLOCK_ROWS + row % BLOCK_ROWS) + (b & 1)] =
        elements.scales[row * scalesPerRow + b];
    }
  }
  return bytes;
}

/** Rows in their format, still one after the other. */
export interface PackedElements {
  /** In words that are moved as they are. */
  readonly packed: Uint32Array | Uint16Array | Uint8Array;
  /** One a block of 32 values; none if not quantised. */
  readonly scales: Float32Array;
  /** The same kind of view of another buffer. */
  view(buffer: ArrayBuffer): Uint32Array | Uint16Array | Uint8Array;
}

/**
 * Packs values in their order. The nibbles of int4 are biased by 8, and of each
 * eight values the first four are low nibbles, the others high ones: a mask and a
 * shift then unpack four at once.
 */
export function packElements(
  values: Float32Array,
  format: MatrixFormat,
): PackedElements {
  const scales = new Float32Array(0);
  switch (format) {
    case "F32":
      return {
        packed: new Uint32Array(
          values.buffer,
          values.byteOffset,
          values.length,
        ),
        scales,
        view: (buffer) => new Uint32Array(buffer),
      };
    case "F16":
      return {
        packed: new Uint16Array(new Float16Array(values).buffer),
        scales,
        view: (buffer) => new Uint16Array(buffer),
      };
    case "BF16": {
      const bits = new Uint32Array(
        values.buffer,
        values.byteOffset,
        values.length,
      );
      const packed = new Uint16Array(bits.length);
      for (let i = 0; i < bits.length; i++) packed[i] = bits[i] >>> 16;
      return {
        packed,
        scales,
        view: (buffer) => new Uint16Array(buffer),
      };
    }
    case "int8": {
      const quantized = quantizeRows(values, 8);
      return {
        packed: new Uint8Array(quantized.values.buffer),
        scales: quantized.scales,
        view: (buffer) => new Uint8Array(buffer),
      };
    }
    case "int4": {
      const quantized = quantizeRows(values, 4);
      const q = quantized.values;
      const packed = new Uint8Array(q.length / 2);
      for (let i = 0, o = 0; i < q.length; i += 8) {
        for (let e = i; e < i + 4; e++) {
          packed[o++] = (q[e] + 8) | ((q[e + 4] + 8) << 4);
        }
      }
      return {
        packed,
        scales: quantized.scales,
        view: (buffer) => new Uint8Array(buffer),
      };
    }
  }
}
