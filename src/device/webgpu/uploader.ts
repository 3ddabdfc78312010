/**
 * Tensors of a checkpoint, one after another, on their way to the device.
 *
 * @module
 */

import {
  type Checkpoint,
  SMALL,
  type StoredType,
} from "../../model/checkpoint.ts";
import type { PackedPieces } from "../../model/packed/packed_pieces.ts";
import { isStoredType } from "../../model/stored.ts";
import type { Gpu } from "./gpu.ts";
import type { TablePart } from "./kernels/embed.ts";
import { createMatrix, join, type Matrix } from "./matrix.ts";
import { packElements } from "./packing.ts";
import type { MatrixFormat } from "../matrix_format.ts";
import { createTensor, type Tensor } from "./tensor.ts";

/** A rank as the kernels want it: whole words, however narrow. */
export function paddedRank(rank: number): number {
  return Math.ceil(rank / 8) * 8;
}

/** Reads tensors and puts them on the device. */
export class Uploader {
  readonly #gpu: Gpu;
  readonly #checkpoint: Checkpoint;
  readonly #format: MatrixFormat;
  readonly #pieces: PackedPieces | undefined;
  readonly #uploaded: (tensors: number) => void;

  /** Starts; `uploaded` is told how many tensors are there. */
  constructor(
    gpu: Gpu,
    checkpoint: Checkpoint,
    { format, pieces, uploaded }: {
      format: MatrixFormat;
      pieces?: PackedPieces;
      uploaded: (tensors: number) => void;
    },
  ) {
    this.#gpu = gpu;
    this.#checkpoint = checkpoint;
    this.#format = format;
    this.#pieces = pieces;
    this.#uploaded = uploaded;
  }

  /** What an earlier load kept, or what `pack` makes. */
  #piece(
    size: number,
    pack: () => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#pieces ? this.#pieces.piece(size, pack) : pack();
  }

  /** A table `[V, columns]`, row after row. */
  async table(name: string, columns: number): Promise<TablePart[]> {
    const { V } = this.#checkpoint.shape;
    const gpu = this.#gpu;
    const bits = { F32: 32, F16: 16, BF16: 16, int8: 8, int4: 4 }[this.#format];
    const rowBytes = columns * bits / 8;
    const most = Math.floor(gpu.mostBytes / rowBytes);
    const piece = Math.max(1, Math.floor(2 ** 22 / rowBytes));
    const parts: TablePart[] = [];
    for (let from = 0; from < V; from += most) {
      const to = Math.min(V, from + most);
      const rows = to - from;
      const part = {
        from,
        to,
        table: createTensor(gpu, "table", [rows, rowBytes / 4]),
        scales: createTensor(
          gpu,
          "table scales",
          bits <= 8 ? [rows, columns / 64] : [1],
        ),
      };
      for (let row = from; row < to; row += piece) {
        const end = Math.min(to, row + piece);
        const size = (end - row) * rowBytes;
        const scaleSize = bits <= 8 ? (end - row) * columns / 16 : 0;
        const bytes = await this.#piece(size + scaleSize, async () => {
          const values = await this.#checkpoint.read(name, [row, end]);
          const { packed, scales } = packElements(values, this.#format);
          const halves = bytesOf(new Float16Array(scales));
          return join(bytesOf(packed), halves);
        });
        const at = row - from, { table, scales } = part;
        await gpu.write(table.buffer, at * rowBytes, bytes.subarray(0, size));
        if (bits <= 8) {
          await gpu.write(
            scales.buffer,
            at * columns / 16,
            bytes.subarray(size),
          );
        }
      }
      parts.push(part);
    }
    this.#uploaded(1);
    return parts;
  }

  /** Weight and bias of a layer norm. */
  norm(name: string): Promise<Tensor> {
    return this.vectors(name, [`${name}.weight`, `${name}.bias`]);
  }

  /** Vectors of D values, stacked; zeros where there is none. */
  async vectors(
    label: string,
    names: readonly (string | undefined)[],
  ): Promise<Tensor> {
    const { D } = this.#checkpoint.shape;
    const bytes = await this.#piece(4 * names.length * D, async () => {
      const values = new Float32Array(names.length * D);
      for (const [i, name] of names.entries()) {
        if (name) values.set(await this.#checkpoint.read(name), i * D);
      }
      return bytesOf(values);
    });
    this.#uploaded(names.filter(Boolean).length);
    const values = wordsOf(bytes);
    return createTensor(this.#gpu, label, [names.length, D], values);
  }

  /** Matrices of the same width, stacked; all in a type that holds each. */
  async matrix(
    label: string,
    sources: readonly (readonly [name: string, rows: number])[],
    columns: number,
  ): Promise<Matrix> {
    const { stored, small = stored } = this.#checkpoint;
    const mixed = isStoredType(this.#format) && small !== stored &&
      sources.some(([name]) => SMALL.test(name));
    const matrix = await createMatrix(
      this.#gpu,
      label,
      sources.map(([name, rows]) => ({
        rows,
        read: (from, to) => this.#checkpoint.read(name, [from, to]),
      })),
      {
        columns,
        format: mixed ? "F32" : this.#format,
        ...(this.#pieces && { pieces: this.#pieces }),
      },
    );
    this.#uploaded(sources.length);
    return matrix;
  }

  /** The format of matrices that stay 16 bits wide in a quantised model. */
  get narrow(): StoredType {
    const { stored, small = stored } = this.#checkpoint;
    return small === "F32" && !isStoredType(this.#format) ? "F16" : small;
  }

  /**
   * Matrices `[columns, rank]`, turned: channels side by side, narrow types with
   * two ranks a word, each matrix padded to ranks that are a multiple of 8.
   *
   * @param last A vector of f32 to put behind them.
   */
  async turned(
    label: string,
    sources: readonly (readonly [name: string, rank: number])[],
    columns: number,
    last?: string,
  ): Promise<Tensor> {
    const format = this.narrow;
    const rank = sources.reduce((sum, [, rank]) => sum + paddedRank(rank), 0);
    const perWord = format === "F32" ? 1 : 2;
    const words = rank / perWord + (last === undefined ? 0 : 1);
    const pack = async () => {
      const turned = new Float32Array(rank * columns);
      let base = 0;
      for (const [name, own] of sources) {
        const values = await this.#checkpoint.read(name);
        for (let at = 0; at < values.length; at++) {
          const d = Math.floor(at / own), n = base + at % own;
          const word = Math.floor(n / perWord);
          turned[(word * columns + d) * perWord + n % perWord] = values[at];
        }
        base += paddedRank(own);
      }
      const packed = bytesOf(packElements(turned, format).packed);
      if (last === undefined) return packed;
      return join(packed, bytesOf(await this.#checkpoint.read(last)));
    };
    const bytes = await this.#piece(4 * words * columns, pack);
    this.#uploaded(sources.length + (last === undefined ? 0 : 1));
    return createTensor(this.#gpu, label, [words, columns], wordsOf(bytes));
  }
}

/** Bytes as the words that a tensor is made of. */
function wordsOf(
  { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function bytesOf(
  { buffer, byteOffset, byteLength }: ArrayBufferView,
): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
