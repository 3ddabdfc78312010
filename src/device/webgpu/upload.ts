/**
 * A checkpoint on its way to the device.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { type Checkpoint, tensorSpecs } from "../../model/checkpoint.ts";
import type { PackedPieces } from "../../model/packed_pieces.ts";
import type { LoraRanks } from "../../model/shape.ts";
import type { LoadOptions } from "../device.ts";
import type { Gpu } from "./gpu.ts";
import type { TablePart } from "./kernels/embed.ts";
import type { Ups } from "./kernels/prepare.ts";
import { createMatrix, join, type Matrix, matrixFormat } from "./matrix.ts";
import { type Format, packElements, paddedRows } from "./packing.ts";
import { createTensor, type Tensor } from "./tensor.ts";
import type { LayerWeights, Weights } from "./weights.ts";

/** A rank as the kernels want it: whole words, however narrow. */
function paddedRank(rank: number): number {
  return Math.ceil(rank / 8) * 8;
}

/**
 * Uploads a checkpoint.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if F is not a multiple of 32.
 */
export async function uploadWeights(
  gpu: Gpu,
  checkpoint: Checkpoint,
  { quantization, packed, progress }: Omit<LoadOptions, "lanes">,
): Promise<Weights> {
  const { L, D, F, V } = checkpoint.shape;
  if (F % 32 !== 0) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot load the model: its feed-forward width ${F} is not a multiple ` +
        "of 32",
    );
  }
  const format = matrixFormat(checkpoint.stored, quantization);
  const total = tensorSpecs(checkpoint.shape).length;
  let done = 0;
  const up = new Upload(gpu, checkpoint, {
    format,
    ...(packed && { pieces: packed }),
    uploaded: (tensors) => progress?.(done += tensors, total),
  });
  const table = await up.table();
  const layers: LayerWeights[] = [];
  for (let l = 0; l < L; l++) layers.push(await up.layer(l));
  return {
    format,
    table,
    norm: await up.norm("blocks.0.ln0"),
    layers,
    headNorm: await up.norm("ln_out"),
    head: await up.matrix("head", [["head.weight", V]], D),
  };
}

/** Reads tensors and puts them on the device. */
class Upload {
  readonly #gpu: Gpu;
  readonly #checkpoint: Checkpoint;
  readonly #format: Format;
  readonly #pieces: PackedPieces | undefined;
  readonly #uploaded: (tensors: number) => void;

  constructor(
    gpu: Gpu,
    checkpoint: Checkpoint,
    { format, pieces, uploaded }: {
      format: Format;
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

  /** The embedding, row after row. */
  async table(): Promise<TablePart[]> {
    const { V, D } = this.#checkpoint.shape;
    const gpu = this.#gpu;
    const bits = { F32: 32, F16: 16, BF16: 16, int8: 8, int4: 4 }[this.#format];
    const rowBytes = D * bits / 8;
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
          bits <= 8 ? [rows, D / 64] : [1],
        ),
      };
      for (let row = from; row < to; row += piece) {
        const end = Math.min(to, row + piece);
        const size = (end - row) * rowBytes;
        const scaleSize = bits <= 8 ? (end - row) * D / 16 : 0;
        const bytes = await this.#piece(size + scaleSize, async () => {
          const values = await this.#checkpoint.read("emb.weight", [row, end]);
          const { packed, scales } = packElements(values, this.#format);
          const halves = bytesOf(new Float16Array(scales));
          return join(bytesOf(packed), halves);
        });
        const at = row - from, { table, scales } = part;
        await gpu.write(table.buffer, at * rowBytes, bytes.subarray(0, size));
        if (bits <= 8) {
          await gpu.write(scales.buffer, at * D / 16, bytes.subarray(size));
        }
      }
      parts.push(part);
    }
    this.#uploaded(1);
    return parts;
  }

  /** Everything in layer `l`. */
  async layer(l: number): Promise<LayerWeights> {
    const { D, F, ranks } = this.#checkpoint.shape;
    const block = `blocks.${l}`, att = `${block}.att`, ffn = `${block}.ffn`;
    const v = l === 0 ? 0 : ranks.v;
    const atW = 3 * D + paddedRows(v);
    const atA = atW + paddedRows(ranks.w);
    const atG = atA + paddedRows(ranks.a);
    return {
      attNorm: await this.norm(`${block}.ln1`),
      attLerp: await this.vectors(
        "lerps",
        [..."rkvwag"].map((x) => `${att}.x_${x}`),
      ),
      stack: await this.matrix(`stack`, [
        [`${att}.receptance.weight`, D],
        [`${att}.key.weight`, D],
        [`${att}.value.weight`, D],
        ...(v > 0 ? [[`${att}.v1`, v] as const] : []),
        [`${att}.w1`, ranks.w],
        [`${att}.a1`, ranks.a],
        [`${att}.g1`, ranks.g],
      ], D),
      planes: [D, 2 * D, atW, atA, atG],
      ups: await this.ups(att, { ...ranks, v }, {
        v: 3 * D,
        w: atW,
        a: atA,
        g: atG,
      }),
      vectors: await this.vectors("vectors", [
        `${att}.w0`,
        `${att}.a0`,
        l === 0 ? undefined : `${att}.v0`,
        `${att}.k_k`,
        `${att}.k_a`,
        `${att}.r_k`,
      ]),
      headsNorm: await this.norm(`${att}.ln_x`),
      output: await this.matrix("output", [[`${att}.output.weight`, D]], D),
      ffnNorm: await this.norm(`${block}.ln2`),
      ffnLerp: await this.vectors("lerp", [`${ffn}.x_k`]),
      key: await this.matrix("key", [[`${ffn}.key.weight`, F]], D),
      value: await this.matrix("value", [[`${ffn}.value.weight`, D]], F),
    };
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

  /** Matrices of the same width, stacked. */
  async matrix(
    label: string,
    sources: readonly (readonly [name: string, rows: number])[],
    columns: number,
  ): Promise<Matrix> {
    const matrix = await createMatrix(
      this.#gpu,
      label,
      sources.map(([name, rows]) => ({
        rows,
        read: (from, to) => this.#checkpoint.read(name, [from, to]),
      })),
      {
        columns,
        format: this.#format,
        ...(this.#pieces && { pieces: this.#pieces }),
      },
    );
    this.#uploaded(sources.length);
    return matrix;
  }

  /**
   * The second LoRA matrices, turned: channels side by side. They stay 16 bits
   * wide in a quantised model, of which they are a few percent.
   */
  async ups(att: string, ranks: LoraRanks, at: LoraRanks): Promise<Ups> {
    const { D } = this.#checkpoint.shape;
    const { stored } = this.#checkpoint;
    const format = stored === "F32" && this.#format !== "F32" ? "F16" : stored;
    const padded = {
      w: paddedRank(ranks.w),
      a: paddedRank(ranks.a),
      v: paddedRank(ranks.v),
      g: paddedRank(ranks.g),
    };
    const rank = padded.w + padded.a + padded.v + padded.g;
    const perWord = format === "F32" ? 1 : 2;
    const pack = async () => {
      const turned = new Float32Array(rank * D);
      let base = 0;
      for (const q of ["w", "a", "v", "g"] as const) {
        const values = ranks[q] > 0
          ? await this.#checkpoint.read(`${att}.${q}2`)
          : [];
        for (let at = 0; at < values.length; at++) {
          const d = Math.floor(at / ranks[q]), n = base + at % ranks[q];
          const word = Math.floor(n / perWord);
          turned[(word * D + d) * perWord + n % perWord] = values[at];
        }
        base += padded[q];
      }
      return bytesOf(packElements(turned, format).packed);
    };
    const bytes = await this.#piece(4 * rank / perWord * D, pack);
    this.#uploaded(ranks.v > 0 ? 4 : 3);
    const words = createTensor(
      this.#gpu,
      "ups",
      [rank / perWord, D],
      wordsOf(bytes),
    );
    return { words, format, ranks: padded, at };
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
