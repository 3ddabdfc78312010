/**
 * Matrices as the product kernels read them, in as many parts as bindings need.
 *
 * @module
 */

import type { PackedPieces } from "../../model/packed/packed_pieces.ts";
import type { Gpu } from "./gpu.ts";
import type { TablePart } from "./kernels/embed.ts";
import {
  BLOCK_ROWS,
  packBlocks,
  paddedRows,
  PER_LOAD,
} from "./weight_packing.ts";
import type { MatrixFormat } from "../matrix_format.ts";
import { createTensor, type Tensor } from "./tensor.ts";

/** Weights go to the device in pieces of about this many bytes. */
export const PIECE_BYTES: number = 4 * 2 ** 20;

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

/** How a matrix or a table is kept. */
export interface KeptAs {
  /** Columns. */
  readonly columns: number;
  /** How its weights lie. */
  readonly format: MatrixFormat;
}

/** The shapes of a {@linkcode MatrixPart}. */
export interface MatrixPartShape extends Pick<MatrixPart, "from" | "blocks"> {
  /** See {@linkcode MatrixPart.weights}. */
  readonly weights: readonly number[];
  /** See {@linkcode MatrixPart.scales}. */
  readonly scales: readonly number[];
}

/**
 * Cuts a matrix into what bindings can hold.
 *
 * @param rows A multiple of 64.
 * @param most Bytes of a binding at most.
 */
export function matrixParts(
  rows: number,
  { columns, format }: KeptAs,
  most: number,
): MatrixPartShape[] {
  const loads = columns / PER_LOAD[format];
  const blocks = rows / BLOCK_ROWS;
  const each = Math.floor(most / (16 * loads * BLOCK_ROWS));
  return cut(blocks, each).map(([from, to]) => ({
    from,
    blocks: to - from,
    weights: [to - from, loads, BLOCK_ROWS, 4],
    scales: isQuantized(format)
      ? [to - from, Math.ceil(columns / 64), BLOCK_ROWS]
      : [1],
  }));
}

/** The shapes of a {@linkcode TablePart}. */
export interface TablePartShape extends Pick<TablePart, "from" | "to"> {
  /** See {@linkcode TablePart.table}. */
  readonly table: readonly number[];
  /** See {@linkcode TablePart.scales}. */
  readonly scales: readonly number[];
}

/**
 * Cuts a table into what bindings can hold.
 *
 * @param most Bytes of a binding at most.
 */
export function tableParts(
  { rows, columns, format }: KeptAs & { readonly rows: number },
  most: number,
): TablePartShape[] {
  const words = 4 * columns / PER_LOAD[format];
  return cut(rows, Math.floor(most / (4 * words))).map(([from, to]) => ({
    from,
    to,
    table: [to - from, words],
    scales: isQuantized(format) ? [to - from, columns / 64] : [1],
  }));
}

/** Whether a format has scales. */
export function isQuantized(format: MatrixFormat): boolean {
  return format === "int8" || format === "int4";
}

/** `[0, all)` in ranges of `each`; the last may be shorter. */
function cut(all: number, each: number): [from: number, to: number][] {
  const step = Math.min(all, Math.max(1, each));
  return Array.from(
    { length: Math.ceil(all / step) },
    (_, i) => [i * step, Math.min(all, (i + 1) * step)],
  );
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
  const quantized = isQuantized(format);
  const planned = matrixParts(rows, { columns, format }, most);
  const parts = planned.map(({ from, blocks, weights, scales }) => ({
    weights: createTensor(gpu, label, weights),
    scales: createTensor(gpu, `${label} scales`, scales),
    from,
    blocks,
  }));
  const bytes = parts.reduce(
    (sum, { weights, scales }) =>
      sum + weights.buffer.size + scales.buffer.size,
    0,
  );

  const blockBytes = 16 * columns / PER_LOAD[format] * BLOCK_ROWS;
  const scaleBytes = 4 * Math.ceil(columns / 64) * BLOCK_ROWS;
  const blocksPerPart = planned[0]?.blocks ?? 0;
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
        return packBlocks(values, columns, format);
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

/** Weights and what follows them as one piece. */
export function join(
  weights: Uint8Array<ArrayBuffer>,
  rest: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(weights.length + rest.length);
  bytes.set(weights);
  bytes.set(rest, weights.length);
  return bytes;
}
