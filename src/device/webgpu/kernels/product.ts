/**
 * Products with a matrix: `shaders/product.wgsl` for a few rows,
 * `shaders/mix_product.wgsl` for one that is mixed on the way, and
 * `shaders/matmul.wgsl` for many.
 *
 * @module
 */

import matmulSource from "../../../../shaders/matmul.wgsl" with {
  type: "text",
};
import mixSource from "../../../../shaders/mix_product.wgsl" with {
  type: "text",
};
import productSource from "../../../../shaders/product.wgsl" with {
  type: "text",
};
import type { Dispatch } from "../dispatch.ts";
import type { Gpu } from "../gpu.ts";
import type { Matrix } from "../matrix_parts.ts";
import { BLOCK_ROWS } from "../weight_packing.ts";
import { MATRIX_FORMATS } from "../../matrix_format.ts";
import { N } from "../../../model/shape.ts";
import { expectShape, type Tensor } from "../tensor.ts";
import { rowThreads } from "./row.ts";

/** What {@linkcode product} and {@linkcode matmul} bind. */
export interface ProductTensors {
  /** `[outputs, K]`, outputs padded to blocks of 64. */
  readonly matrix: Matrix;
  /** `[planes, R, K]`. */
  readonly x: Tensor;
  /** Out: `[R, outputs]`, or fewer rows than `x` has room for. */
  readonly y: Tensor;
}

/** What becomes of a product. */
export interface ProductOptions {
  /** Square what is positive, drop the rest. */
  readonly relu2?: boolean;
  /** Add to `y` what would else be set. */
  readonly add?: boolean;
  /** First output that reads each plane of `x` after plane 0, rising. */
  readonly planes?: readonly number[];
  /** The plane whose outputs take tanh. */
  readonly tanh?: number;
  /** The plane whose outputs take the sigmoid. */
  readonly sigmoid?: number;
}

/** What {@linkcode mixProduct} binds. */
export interface MixProductTensors {
  /** `[outputs, D]`, outputs padded to blocks of 64. */
  readonly matrix: Matrix;
  /** The rows of the pass, `[R, 4]` u32; the first is read. */
  readonly rows: Tensor;
  /** The residual stream, `[R, D]`. */
  readonly x: Tensor;
  /** Weight and bias of the layer norm, then P lerps: `[2 + P, D]`. */
  readonly vectors: Tensor;
  /** Every lane's state in this layer, `[B, D · (N + 2)]`; none for the head. */
  readonly state?: Tensor;
  /**
   * The attention's u on its way to the state, and the feed-forward's row before
   * on its way from there, `[2, D]`; see `advance`.
   */
  readonly carried: Tensor;
  /** Out: `[R, outputs]`; the first row is set. */
  readonly y: Tensor;
}

/** Rows that a workgroup of {@linkcode product} can take at once. */
export const TILES = [1, 2, 4, 8, 16, 32] as const;

/** One of {@linkcode TILES}. */
export type Tile = typeof TILES[number];

/** Outputs that an invocation of {@linkcode product} can keep. */
export type Kept = 1 | 2 | 4 | 8;

/** Invocations that can share an output of {@linkcode product}. */
export type Shared = 16 | 32;

/** Rows of a tile of {@linkcode matmul}. */
export const MATMUL_ROWS = 64;

/** Workgroups that keep a GPU of any size busy. */
const BUSY = 512;

/** `y = act(x Wᵀ)` for a few rows: one dispatch for each part of the matrix. */
export function product(
  gpu: Gpu,
  tensors: ProductTensors,
  options: ProductOptions & {
    readonly tile: Tile;
    /** Outputs an invocation keeps; by default what suits the adapter. */
    readonly keep?: Kept;
    /** Invocations that share an output at most, whatever the rows; by default 16. */
    readonly share?: Shared;
  },
): Dispatch[] {
  const { tile, keep, share = 16 } = options;
  const constants = check(tensors, options);
  const { matrix, x, y } = tensors;
  expectRows(x.shape[1], y, tile);
  if (keep !== undefined && keep > mostKept(tile)) {
    throw new RangeError(
      `Cannot keep ${keep} outputs of ${tile} rows: there are 64 sums`,
    );
  }
  const SPLIT = splitOf(matrix.columns, share);
  return matrix.parts.map(({ weights, scales, from, blocks }) => {
    const ROWS = keep ?? outputsKept(blocks, tile, gpu.software);
    const LANES = Math.min(SPLIT > 16 ? 8 : 16, BLOCK_ROWS / ROWS);
    return gpu.dispatch({
      label: `product ${matrix.label}`,
      source: productSource,
      constants: { ...constants, BLOCK0: from, TILE: tile, ROWS, LANES, SPLIT },
      tensors: [weights, scales, x, y],
      grid: ({ rows }) => [
        blocks * BLOCK_ROWS / LANES / ROWS,
        Math.ceil(rows / tile),
      ],
    });
  });
}

/** Bytes of workgroup memory that WebGPU guarantees. */
const WORKGROUP_BYTES = 16_384;

/** Whether {@linkcode mixProduct} has room for a row of D values. */
export function canMix(D: number): boolean {
  const parts = BLOCK_ROWS * splitOf(D);
  return 4 * (D + parts + rowThreads(D) + 16) <= WORKGROUP_BYTES;
}

/**
 * `y = act(mix(x) Wᵀ)` for the one row of a pass: one dispatch for each part of
 * the matrix. Its bits are those of `mix` or `normalize`, then {@linkcode product}.
 *
 * @param shift Which of the two shifts of the state holds the row before; without
 * one, the row is only normalised.
 */
export function mixProduct(
  gpu: Gpu,
  { matrix, rows, x, vectors, state = x, carried, y }: MixProductTensors,
  { shift, keep, ...options }: Omit<ProductOptions, "add"> & {
    readonly shift?: "att" | "ffn";
    /** Outputs an invocation keeps; by default what suits the adapter. */
    readonly keep?: Kept;
  },
): Dispatch[] {
  const { planes = [] } = options;
  const [R, D] = x.shape;
  const STRIDE = D * (N + 2);
  const P = shift === undefined ? 0 : planes.length + 1;
  if (!canMix(D)) {
    throw new RangeError(
      `Cannot mix ${D} values in ${WORKGROUP_BYTES} bytes of workgroup memory`,
    );
  }
  expectShape(rows, [rows.shape[0], 4]);
  expectShape(x, [R, matrix.columns]);
  expectShape(vectors, [2 + P, D]);
  if (shift) expectShape(state, [state.shape[0], STRIDE]);
  expectShape(carried, [2, D]);
  expectShape(y, [y.shape[0], matrix.rows]);
  const ffn = shift === "ffn";
  const places = {
    BEFORE: ffn ? D : 0,
    BEFORE_STRIDE: ffn ? 0 : STRIDE,
    AFTER: ffn ? D * (N + 1) : 0,
    AFTER_STRIDE: ffn ? STRIDE : 0,
  };
  const [before, after] = ffn ? [carried, state] : [state, carried];
  const SPLIT = splitOf(D);
  return matrix.parts.map(({ weights, scales, from, blocks }) => {
    const ROWS = keep ?? outputsKept(blocks, 1, gpu.software);
    const LANES = Math.min(16, BLOCK_ROWS / ROWS);
    return gpu.dispatch({
      label: `product ${matrix.label}`,
      source: mixSource,
      constants: {
        ...outputConstants(matrix, options),
        ...places,
        BLOCK0: from,
        ROWS,
        LANES,
        SPLIT,
        NORM: rowThreads(D),
        SHIFTED: Number(shift !== undefined),
      },
      tensors: [weights, scales, rows, x, vectors, before, after, y],
      grid: () => [blocks * BLOCK_ROWS / LANES / ROWS],
    });
  });
}

/** `y = act(x Wᵀ)` for many rows: one dispatch for each part of the matrix. */
export function matmul(
  gpu: Gpu,
  tensors: ProductTensors,
  options: ProductOptions,
): Dispatch[] {
  const constants = check(tensors, options);
  const { matrix, x, y } = tensors;
  expectRows(x.shape[1], y, MATMUL_ROWS);
  return matrix.parts.map(({ weights, scales, from, blocks }) =>
    gpu.dispatch({
      label: `matmul ${matrix.label}`,
      source: matmulSource,
      constants: { ...constants, BLOCK0: from },
      tensors: [weights, scales, x, y],
      grid: ({ rows }) => [blocks, Math.ceil(rows / MATMUL_ROWS)],
    })
  );
}

function check(
  { matrix, x, y }: ProductTensors,
  options: ProductOptions,
): Record<string, number> {
  const { add = false, planes = [] } = options;
  const [, R] = x.shape;
  expectShape(x, [planes.length + 1, R, matrix.columns]);
  expectShape(y, [Math.min(R, y.shape[0]), matrix.rows]);
  return {
    ...outputConstants(matrix, options),
    R,
    WIDTH: matrix.rows,
    ADD: Number(add),
  };
}

/** What outputs read, and what becomes of them. */
function outputConstants(
  matrix: Matrix,
  { relu2 = false, planes = [], tanh = 6, sigmoid = 6 }: ProductOptions,
): Record<string, number> {
  const bounds = [1, 2, 3, 4, 5].map((plane) => {
    const output = planes[plane - 1] ?? BLOCK_ROWS * 0xffffffff;
    return [`B${plane}`, output / BLOCK_ROWS];
  });
  return {
    ...Object.fromEntries(bounds),
    FORMAT: MATRIX_FORMATS[matrix.format],
    K: matrix.columns,
    RELU2: Number(relu2),
    TANH: tanh,
    SIGMOID: sigmoid,
  };
}

/** A tile is always whole: rows past the last are computed and never read. */
function expectRows(R: number, y: Tensor, tile: number): void {
  for (const rows of [R, y.shape[0]]) {
    if (rows % tile === 0) continue;
    throw new RangeError(
      `Cannot multiply into ${y.label}: ${rows} rows are not a multiple of ` +
        `${tile}`,
    );
  }
}

/** The most invocations up to `most` that share an output's columns evenly. */
function splitOf(columns: number, most = 16): number {
  const groups = columns / 32;
  let split = Math.min(most, groups);
  while (groups % split !== 0) split--;
  return split;
}

/**
 * The narrowest tile that takes all rows at once, or the widest. A GPU reads the
 * weights once a tile, and rows that are not there cost it nothing; a CPU computes
 * them, and so goes by eight.
 */
export function tileFor(rows: number, software: boolean): Tile {
  const tiles = TILES.filter((tile) => !software || tile <= 8);
  return tiles.find((tile) => tile >= rows) ?? tiles[tiles.length - 1];
}

/**
 * Rows of one lane up to which {@linkcode product} takes less time than
 * {@linkcode matmul}, which computes 64 of them whatever there are. By
 * `bench/time_model.ts` it does for 64 rows on every GPU, and for 20 it takes half
 * to an eighth. llvmpipe takes the same time for 45.
 */
export function fewRows(software: boolean): number {
  return software ? 32 : 64;
}

/**
 * How many invocations share an output of a product that is never mixed on the way,
 * of a model with so many lanes. More of them wait for fewer loads each; from 17
 * rows on arithmetic takes longer, and loading x, which the narrower workgroups do
 * twice as often. A CPU does not wait.
 */
export function sharedBy(lanes: number, software: boolean): Shared {
  return software || lanes > 16 ? 16 : 32;
}

/**
 * Outputs an invocation keeps: more of them load x less often, fewer make more
 * workgroups. A CPU is busy with any number of those. From eight rows on there are
 * so many sums to keep that a GPU would run out of registers, and so many loads of
 * x that one output would be too few.
 */
function outputsKept(blocks: number, tile: Tile, software: boolean): Kept {
  const wide = tile >= 8;
  if (software) return mostKept(tile);
  if (blocks >= BUSY) return wide ? Math.min(4, mostKept(tile)) as Kept : 8;
  if (blocks * 2 >= BUSY || wide) return 2;
  return 1;
}

/** Outputs for which there are registers: 64 sums. */
function mostKept(tile: Tile): Kept {
  return Math.min(8, 64 / tile) as Kept;
}
