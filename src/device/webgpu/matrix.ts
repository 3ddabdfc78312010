/**
 * Matrices as the product kernels read them, in as many parts as bindings need.
 *
 * @module
 */

import type { PackedPieces } from "../../model/packed/packed_pieces.ts";
import type { Gpu } from "./gpu.ts";
import { BLOCK_ROWS, packBlocks, paddedRows, PER_LOAD } from "./packing.ts";
import type { MatrixFormat } from "../matrix_format.ts";
import { createTensor, type Tensor } from "./tensor.ts";

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
  readonly format: MatrixFormat;
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

/**
 * Puts matrices of the same width on the device, stacked; each begins a block.
 *
 * @throws {RangeError} If `columns` is not a multiple of 32.
 */
export async function createMatrix(
  gpu: Gpu,
  label: string,
  sources: readonly RowSource[],
  { columns, format, pieces, most = gpu.mostBytes }: {
    columns: number;
    format: MatrixFormat;
    /** Packed blocks of an earlier load, or where this one's are kept. */
    pieces?: PackedPieces;
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
  const scaleBytes = 4 * pairs * BLOCK_ROWS;
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
      const packed = Math.ceil((to - row) / BLOCK_ROWS);
      const size = packed * blockBytes;
      const pack = async () => {
        const values = await source.read(row, to);
        const { weights, scales } = packBlocks(values, columns, format);
        return join(weights, quantized ? scales : undefined);
      };
      const all = size + (quantized ? packed * scaleBytes : 0);
      const bytes = await (pieces ? pieces.piece(all, pack) : pack());
      const { weights, scales } = part;
      await gpu.write(
        weights.buffer,
        here * blockBytes,
        bytes.subarray(0, size),
      );
      if (quantized) {
        await gpu.write(
          scales.buffer,
          here * scaleBytes,
          bytes.subarray(size),
        );
      }
      block += packed;
      row = to;
    }
  }
  return { label, rows, columns, format, parts, bytes };
}

/** Packed weights and their scales as one piece. */
export function join(
  weights: Uint8Array<ArrayBuffer>,
  scales?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (scales === undefined) return weights;
  const bytes = new Uint8Array(weights.length + scales.length);
  bytes.set(weights);
  bytes.set(scales, weights.length);
  return bytes;
}
