/**
 * What of a checkpoint goes into which buffer, before anything is read: what is
 * uploaded, and what that takes.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { type Sizes, SMALL, type StoredType } from "../../model/checkpoint.ts";
import { isStoredType } from "../../model/stored_tensor.ts";
import type { Quantization } from "../device.ts";
import {
  loraFormat,
  type MatrixFormat,
  matrixFormat,
} from "../matrix_format.ts";
import type { TablePart } from "./kernels/embed.ts";
import { type Matrix, matrixParts, tableParts } from "./matrix_parts.ts";
import { paddedRows } from "./weight_packing.ts";
import { type Tensor, tensorBytes } from "./tensor.ts";
import type { Weights } from "./weights.ts";

/** A table whose rows are read one at a time. */
export interface TablePlan {
  /** Names the kind. */
  readonly kind: "table";
  /** Its tensor. */
  readonly name: string;
  /** Rows. */
  readonly rows: number;
  /** Columns. */
  readonly columns: number;
  /** How it is kept. */
  readonly format: MatrixFormat;
}

/** Vectors of the same length, stacked; zeros where there is none. */
export interface VectorsPlan {
  /** Names the kind. */
  readonly kind: "vectors";
  /** What they are called in error messages. */
  readonly label: string;
  /** Their tensors. */
  readonly names: readonly (string | undefined)[];
  /** Values of each. */
  readonly length: number;
}

/** Matrices of the same width, stacked; all in a format that holds each. */
export interface MatrixPlan {
  /** Names the kind. */
  readonly kind: "matrix";
  /** What they are called in error messages. */
  readonly label: string;
  /** Their tensors, and the rows of each before padding. */
  readonly sources: readonly (readonly [name: string, rows: number])[];
  /** Columns. */
  readonly columns: number;
  /** How they are kept. */
  readonly format: MatrixFormat;
}

/**
 * Matrices `[columns, rank]`, turned: channels side by side, narrow types with two
 * ranks a word, each matrix padded to ranks that are a multiple of 8.
 */
export interface TurnedPlan {
  /** Names the kind. */
  readonly kind: "turned";
  /** What they are called in error messages. */
  readonly label: string;
  /** Their tensors, and the rank of each before padding. */
  readonly sources: readonly (readonly [name: string, rank: number])[];
  /** Columns. */
  readonly columns: number;
  /** How they are kept: never quantised. */
  readonly format: StoredType;
  /** A vector of f32 to put behind them. */
  readonly last?: string;
}

/** What becomes one thing on the device. */
export type PartPlan = TablePlan | VectorsPlan | MatrixPlan | TurnedPlan;

/** The plan of what is on the device as `T`. */
export type Planned<T> = T extends Tensor ? VectorsPlan | TurnedPlan
  : T extends Matrix ? MatrixPlan
  : T extends readonly TablePart[] ? TablePlan
  : T extends object ? { readonly [Name in keyof T]: Planned<T[Name]> }
  : T;

/** A model's weights, in the order in which they are uploaded. */
export type WeightPlan = Planned<Weights>;

/** A rank as the kernels want it: whole words, however narrow. */
export function paddedRank(rank: number): number {
  return Math.ceil(rank / 8) * 8;
}

/** Rows of a stack, each matrix padded to whole blocks. */
export function stackedRows({ sources }: Pick<MatrixPlan, "sources">): number {
  return sources.reduce((sum, [, rows]) => sum + paddedRows(rows), 0);
}

/** Words of turned matrices: rows of the buffer, `[words, columns]`. */
export function turnedWords(
  { sources, format, last }: Pick<TurnedPlan, "sources" | "format" | "last">,
): number {
  const rank = sources.reduce((sum, [, rank]) => sum + paddedRank(rank), 0);
  return rank / (format === "F32" ? 1 : 2) + (last === undefined ? 0 : 1);
}

/**
 * Plans a model's weights.
 *
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if F is not a multiple of 32.
 */
export function planWeights(
  { shape, stored, small = stored }: Sizes,
  quantization: Quantization,
): WeightPlan {
  const { L, D, F, V, ranks, deep } = shape;
  if (F % 32 !== 0) {
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot load the model: its feed-forward width ${F} is not a multiple ` +
        "of 32",
    );
  }
  const format = matrixFormat(stored, quantization);
  const narrow = loraFormat(small, quantization);

  const table = (name: string, columns: number): TablePlan => {
    return { kind: "table", name, rows: V, columns, format };
  };
  const vectors = (
    label: string,
    names: readonly (string | undefined)[],
  ): VectorsPlan => ({ kind: "vectors", label, names, length: D });
  const norm = (name: string) =>
    vectors(name, [`${name}.weight`, `${name}.bias`]);
  const mix = (name: string, lerps: readonly (string | undefined)[]) =>
    vectors(name, [`${name}.weight`, `${name}.bias`, ...lerps]);
  const matrix = (
    label: string,
    sources: MatrixPlan["sources"],
    columns: number,
  ): MatrixPlan => {
    const mixed = isStoredType(format) && small !== stored &&
      sources.some(([name]) => SMALL.test(name));
    const common = mixed ? "F32" : format;
    return { kind: "matrix", label, sources, columns, format: common };
  };
  const turned = (
    label: string,
    sources: TurnedPlan["sources"],
    columns: number,
    last?: string,
  ): TurnedPlan => {
    const plan = { kind: "turned", label, sources, columns } as const;
    return { ...plan, format: narrow, ...(last !== undefined && { last }) };
  };

  const layer = (l: number): WeightPlan["layers"][number] => {
    const block = `blocks.${l}`, att = `${block}.att`, ffn = `${block}.ffn`;
    const v = l === 0 ? 0 : ranks.v;
    const atW = 3 * D + paddedRows(v);
    const atA = atW + paddedRows(ranks.w);
    const atG = atA + paddedRows(ranks.a);
    return {
      attMix: mix(`${block}.ln1`, [..."rkvwag"].map((x) => `${att}.x_${x}`)),
      stack: matrix("stack", [
        [`${att}.receptance.weight`, D],
        [`${att}.key.weight`, D],
        [`${att}.value.weight`, D],
        ...(v > 0 ? [[`${att}.v1`, v] as const] : []),
        [`${att}.w1`, ranks.w],
        [`${att}.a1`, ranks.a],
        [`${att}.g1`, ranks.g],
      ], D),
      planes: [D, 2 * D, atW, atA, atG],
      ups: {
        words: turned("ups", [
          [`${att}.w2`, ranks.w],
          [`${att}.a2`, ranks.a],
          ...(v > 0 ? [[`${att}.v2`, v] as const] : []),
          [`${att}.g2`, ranks.g],
        ], D),
        format: narrow,
        ranks: {
          w: paddedRank(ranks.w),
          a: paddedRank(ranks.a),
          v: paddedRank(v),
          g: paddedRank(ranks.g),
        },
        at: { v: 3 * D, w: atW, a: atA, g: atG },
      },
      vectors: vectors("vectors", [
        `${att}.w0`,
        `${att}.a0`,
        l === 0 ? undefined : `${att}.v0`,
        `${att}.k_k`,
        `${att}.k_a`,
        `${att}.r_k`,
        `${att}.ln_x.weight`,
        `${att}.ln_x.bias`,
      ]),
      output: matrix("output", [[`${att}.output.weight`, D]], D),
      ffnMix: mix(
        `${block}.ln2`,
        deep ? [`${ffn}.x_k`, undefined] : [`${ffn}.x_k`],
      ),
      key: matrix("key", [
        [`${ffn}.key.weight`, F],
        ...(deep ? [[`${ffn}.s1`, deep] as const] : []),
      ], D),
      value: matrix("value", [[`${ffn}.value.weight`, D]], F),
      ...(deep && {
        deep: {
          table: table(`${ffn}.s_emb.weight`, deep * deep),
          up: turned("deep", [[`${ffn}.s2`, deep]], F, `${ffn}.s0`),
          format: narrow,
          rank: deep,
          low: paddedRows(F),
          layer: l * deep * deep,
        },
      }),
    };
  };

  const layers = Array.from({ length: L }, (_, l) => layer(l));
  return {
    format,
    table: table("emb.weight", D),
    layers,
    norm: norm("blocks.0.ln0"),
    headNorm: norm("ln_out"),
    head: matrix("head", [["head.weight", V]], D),
    ...(deep && {
      deepTurn: matrix(
        "deep turn",
        layers.map((_, l) =>
          [`blocks.${l}.ffn.s_emb_x.weight`, deep * deep] as const
        ),
        D,
      ),
    }),
  };
}

/** Every part of a plan, in order. */
export function* partsOf(plan: unknown): Generator<PartPlan, void> {
  if (isPart(plan)) yield plan;
  else if (typeof plan === "object" && plan !== null) {
    for (const value of Object.values(plan)) yield* partsOf(value);
  }
}

/**
 * Bytes of the buffers of a plan.
 *
 * @param most Bytes of a binding at most.
 */
export function plannedBytes(plan: WeightPlan, most: number): number {
  return partsOf(plan).flatMap((part) => {
    switch (part.kind) {
      case "vectors":
        return [tensorBytes([part.names.length, part.length])];
      case "turned":
        return [tensorBytes([turnedWords(part), part.columns])];
      case "matrix":
        return matrixParts(stackedRows(part), part, most)
          .flatMap(({ weights, scales }) => [
            tensorBytes(weights),
            tensorBytes(scales),
          ]);
      case "table":
        return tableParts(part, most)
          .flatMap(({ table, scales }) => [
            tensorBytes(table),
            tensorBytes(scales),
          ]);
    }
  }).reduce((sum, bytes) => sum + bytes, 0);
}

/** Tells parts from what holds them. */
export function isPart(value: unknown): value is PartPlan {
  return typeof value === "object" && value !== null && "kind" in value;
}
