/**
 * Tensors of a checkpoint, one after another, on their way to the device.
 *
 * @module
 */

import type { Checkpoint } from "../../model/checkpoint.ts";
import type { PackedPieces } from "../../model/packed/packed_pieces.ts";
import type { Gpu } from "./gpu.ts";
import type { TablePart } from "./kernels/embed.ts";
import {
  createMatrix,
  isQuantized,
  join,
  type Matrix,
  PIECE_BYTES,
  tableParts,
} from "./matrix_parts.ts";
import { packElements, PER_LOAD } from "./weight_packing.ts";
import { createTensor, type Tensor } from "./tensor.ts";
import {
  type MatrixPlan,
  paddedRank,
  type PartPlan,
  type TablePlan,
  type TurnedPlan,
  turnedWords,
  type VectorsPlan,
} from "./weight_plan.ts";

/** Weights, and their scales if they have any. */
type BytePair = readonly [
  weights: Uint8Array<ArrayBuffer>,
  scales: Uint8Array<ArrayBuffer>,
];

/** Reads tensors and puts them on the device. */
export class Uploader {
  readonly #gpu: Gpu;
  readonly #checkpoint: Checkpoint;
  readonly #pieces: PackedPieces | undefined;
  readonly #uploaded: (tensors: number) => void;

  /** Starts; `uploaded` is told how many tensors are there. */
  constructor(
    gpu: Gpu,
    checkpoint: Checkpoint,
    { pieces, uploaded }: {
      pieces: PackedPieces | undefined;
      uploaded: (tensors: number) => void;
    },
  ) {
    this.#gpu = gpu;
    this.#checkpoint = checkpoint;
    this.#pieces = pieces;
    this.#uploaded = uploaded;
  }

  /** Makes what a part of the plan becomes. */
  async make(part: PartPlan): Promise<Tensor | Matrix | readonly TablePart[]> {
    switch (part.kind) {
      case "table":
        return await this.#table(part);
      case "vectors":
        return await this.#vectors(part);
      case "matrix":
        return await this.#matrix(part);
      case "turned":
        return await this.#turned(part);
    }
  }

  /** What an earlier load kept, or what `pack` makes. */
  #piece(
    size: number,
    pack: () => Promise<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#pieces ? this.#pieces.piece(size, pack) : pack();
  }

  /** The same of something in two parts, which are one piece where they are kept. */
  async #pair(
    [size, rest]: readonly [number, number],
    pack: () => Promise<BytePair>,
  ): Promise<BytePair> {
    if (this.#pieces === undefined) return await pack();
    const bytes = await this.#pieces.piece(
      size + rest,
      async () => join(...await pack()),
    );
    return [bytes.subarray(0, size), bytes.subarray(size)];
  }

  async #table(plan: TablePlan): Promise<TablePart[]> {
    const { name, columns, format } = plan;
    const gpu = this.#gpu, quantized = isQuantized(format);
    const rowBytes = 16 * columns / PER_LOAD[format];
    const scaleBytes = quantized ? columns / 16 : 0;
    const piece = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
    const parts: TablePart[] = [];
    for (const shape of tableParts(plan, gpu.mostBytes)) {
      const { from, to } = shape;
      const table = createTensor(gpu, "table", shape.table);
      const scales = createTensor(gpu, "table scales", shape.scales);
      for (let row = from; row < to; row += piece) {
        const end = Math.min(to, row + piece);
        const size = (end - row) * rowBytes;
        const [words, blockScales] = await this.#pair(
          [size, (end - row) * scaleBytes],
          async () => {
            const values = await this.#checkpoint.read(name, [row, end]);
            const { packed, scales } = packElements(values, format);
            return [bytesOf(packed), bytesOf(new Float16Array(scales))];
          },
        );
        const at = row - from;
        await gpu.write(table.buffer, at * rowBytes, words);
        if (quantized) {
          await gpu.write(scales.buffer, at * scaleBytes, blockScales);
        }
      }
      parts.push({ from, to, table, scales });
    }
    this.#uploaded(1);
    return parts;
  }

  async #vectors({ label, names, length }: VectorsPlan): Promise<Tensor> {
    const bytes = await this.#piece(4 * names.length * length, async () => {
      const values = new Float32Array(names.length * length);
      for (const [i, name] of names.entries()) {
        if (name) values.set(await this.#checkpoint.read(name), i * length);
      }
      return bytesOf(values);
    });
    this.#uploaded(names.filter(Boolean).length);
    const values = wordsOf(bytes);
    return createTensor(this.#gpu, label, [names.length, length], values);
  }

  async #matrix(
    { label, sources, columns, format }: MatrixPlan,
  ): Promise<Matrix> {
    const matrix = await createMatrix(
      this.#gpu,
      label,
      sources.map(([name, rows]) => ({
        rows,
        read: (from, to) => this.#checkpoint.read(name, [from, to]),
      })),
      { columns, format, ...(this.#pieces && { pieces: this.#pieces }) },
    );
    this.#uploaded(sources.length);
    return matrix;
  }

  async #turned(plan: TurnedPlan): Promise<Tensor> {
    const { label, sources, columns, format, last } = plan;
    const perWord = format === "F32" ? 1 : 2;
    const words = turnedWords(plan);
    const pack = async () => {
      const rank = sources.reduce((sum, [, rank]) => sum + paddedRank(rank), 0);
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
