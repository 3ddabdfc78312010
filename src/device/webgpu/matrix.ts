/**
 * Matrices as the product kernels read them: blocks of 64 rows, in which the 16
 * bytes that follow each other along a row lie side by side over the rows.
 *
 * @module
 */

import type { StoredType } from "../../model/checkpoint.ts";
import type { Quantization } from "../device.ts";
import { quantizeRows } from "../quantize.ts";
import type { Gpu } from "./gpu.ts";
import { createTensor, type Tensor } from "./tensor.ts";

/** How weights lie in memory; the number is what shaders call it. */
export const FORMATS = { F32: 0, F16: 1, BF16: 2, int8: 3, int4: 4 } as const;

/** One of {@linkcode FORMATS}. */
export type Format = keyof typeof FORMATS;

/** Rows of a block. */
export const BLOCK_ROWS = 64;

/** Weights that 16 bytes hold. */
const PER_LOAD: Readonly<Record<Format, number>> = {
  F32: 4,
  F16: 8,
  BF16: 8,
  int8: 16,
  int4: 32,
};

/** Weights go to the device in pieces of about this many bytes. */
const PIECE_BYTES = 4 * 2 ** 20;

/** Blocks that one binding can hold. */
export interface MatrixPart {
  /** `[blocks, columns / per, 64, 4]`, per = weights in 16 bytes. */
  readonly weights: Tensor;
  /** `[blocks, columns / 64, 64]`, two f16 each; a dummy if not quantised. */
  readonly scales: Tensor;
  /** Blocks before this part. */
  readonly from: number;
  /** Blocks in it. */
  readonly blocks: number;
}

/** A matrix on the device. */
export interface Matrix {
  /** What it is called in error messages. */
  readonly label: string;
  /** Rows, each source padded to whole blocks. */
  readonly rows: number;
  /** Columns. */
  readonly columns: number;
  /** How its weights lie. */
  readonly format: Format;
  /** Its pieces, in order. */
  readonly parts: readonly MatrixPart[];
  /** Bytes on the device. */
  readonly bytes: number;
}

/** Rows of a matrix, wherever they come from. */
export interface RowSource {
  /** How many. */
  readonly rows: number;
  /** Reads rows `[from, to)`, f32. */
  read(from: number, to: number): Promise<Float32Array>;
}

/** The format of a checkpoint's matrices on the device. */
export function matrixFormat(
  stored: StoredType,
  quantization: Quantization,
): Format {
  return quantization === "none" ? stored : quantization;
}

/** Rows padded to whole blocks. */
export function paddedRows(rows: number): number {
  return Math.ceil(rows / BLOCK_ROWS) * BLOCK_ROWS;
}

/**
 * Puts matrices of the same width on the device, stacked; each begins a block.
 *
 * @throws {RangeError} If `columns` is not a multiple of 32.
 */
export async function createMatrix(
  gpu: Gpu,
  label: string,
  sources: readonly RowSource[],
  { columns, format, most = gpu.mostBytes }: {
    columns: number;
    format: Format;
    /** Bytes of a binding at most. */
    most?: number;
  },
): Promise<Matrix> {
  if (columns % 32 !== 0) {
    throw new RangeError(
      `Cannot pack ${label}: ${columns} columns are not a multiple of 32`,
    );
  }
  const rows = sources.reduce((sum, { rows }) => sum + paddedRows(rows), 0);
  const loads = columns / PER_LOAD[format];
  const pairs = Math.ceil(columns / 64);
  const quantized = format === "int8" || format === "int4";
  const blockBytes = 16 * loads * BLOCK_ROWS;
  const blocks = rows / BLOCK_ROWS;
  const blocksPerPart = Math.floor(most / blockBytes);

  const parts: MatrixPart[] = [];
  let bytes = 0;
  for (let from = 0; from < blocks; from += blocksPerPart) {
    const count = Math.min(blocksPerPart, blocks - from);
    const weights = createTensor(gpu, label, [count, loads, BLOCK_ROWS, 4]);
    const scales = createTensor(
      gpu,
      `${label} scales`,
      quantized ? [count, pairs, BLOCK_ROWS] : [1],
    );
    parts.push({ weights, scales, from, blocks: count });
    bytes += weights.buffer.size + scales.buffer.size;
  }

  const piece = Math.max(1, Math.floor(PIECE_BYTES / blockBytes));
  let block = 0;
  for (const source of sources) {
    for (let row = 0; row < source.rows;) {
      const part = parts[Math.floor(block / blocksPerPart)];
      const here = block - part.from;
      const count = Math.min(piece, part.blocks - here);
      const to = Math.min(source.rows, row + count * BLOCK_ROWS);
      const values = await source.read(row, to);
      const packed = packBlocks(values, columns, format);
      const { queue } = gpu.device;
      queue.writeBuffer(
        part.weights.buffer,
        here * blockBytes,
        packed.weights,
      );
      if (quantized) {
        queue.writeBuffer(
          part.scales.buffer,
          here * 4 * pairs * BLOCK_ROWS,
          packed.scales,
        );
      }
      block += Math.ceil((to - row) / BLOCK_ROWS);
      row = to;
    }
  }
  return { label, rows, columns, format, parts, bytes };
}

/** Blocks as bytes, and their scales. */
export interface PackedBlocks {
  /** See {@linkcode MatrixPart.weights}. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** See {@linkcode MatrixPart.scales}. */
  readonly scales: Uint8Array<ArrayBuffer>;
}

/** Packs rows, the last block padded with zeros. */
export function packBlocks(
  values: Float32Array,
  columns: number,
  format: Format,
): PackedBlocks {
  const rows = values.length / columns;
  const per = PER_LOAD[format];
  const loads = columns / per;
  const pairs = Math.ceil(columns / 64);
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const weights = new Uint8Array(16 * blocks * loads * BLOCK_ROWS);
  const scales = new Float16Array(2 * blocks * pairs * BLOCK_ROWS);

  const elements = packElements(values, format);
  const { packed } = elements;
  const size = 16 / packed.BYTES_PER_ELEMENT; // elements of a load
  const target = elements.view(weights.buffer);
  for (let row = 0; row < rows; row++) {
    const block = Math.floor(row / BLOCK_ROWS);
    let from = row * loads * size;
    let to = (block * loads * BLOCK_ROWS + row % BLOCK_ROWS) * size;
    for (let load = 0; load < loads; load++) {
      for (let e = 0; e < size; e++) target[to + e] = packed[from + e];
      from += size;
      to += BLOCK_ROWS * size;
    }
    for (let b = 0; b < elements.scales.length / rows; b++) {
      const pair = block * pairs + (b >> 1);
      scales[2 * (pair * BLOCK_ROWS + row % BLOCK_ROWS) + (b & 1)] =
        elements.scales[row * columns / 32 + b];
    }
  }
  return { weights, scales: new Uint8Array(scales.buffer) };
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
  format: Format,
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
      return {
        packed: Uint16Array.from(bits, (word) => word >>> 16),
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
