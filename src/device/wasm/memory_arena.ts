/**
 * Handing out the shared memory, once, from front to back.
 *
 * @module
 */

import { tensorSpecs } from "../../model/checkpoint.ts";
import type { ModelShape } from "../../model/shape.ts";
import { PANEL, panelBytes, roundUp, rowBytes } from "./wasm_matrix.ts";
import { MATRIX_FORMATS, type MatrixFormat } from "../matrix_format.ts";
import { MATRIX_FIELDS, words } from "./plan_structs.ts";

/** Where one tensor goes. */
export interface TensorPlace {
  /** Vectors as f32, matrices in panels, the embedding in rows. */
  readonly kind: "vector" | "panels" | "rows";
  /** First byte. */
  readonly offset: number;
  /** How its values are kept. */
  readonly format: MatrixFormat;
  /** Columns with padding. */
  readonly columns: number;
  /** Rows that the tensor has. */
  readonly rows: number;
  /** Columns that the tensor has. */
  readonly width: number;
  /** Bytes of a row, as a share of its panel. */
  readonly rowBytes: number;
}

/** The first page belongs to the module itself. */
const FIRST_ARENA_BYTE = 65_536;

/** Everything starts on a cache line. */
const CACHE_LINE = 64;

/** Memory that is handed out. */
export class Arena {
  /** Where each tensor goes. */
  readonly places = new Map<string, TensorPlace>();
  /** Words to write before anything runs, by offset. */
  readonly words = new Map<number, Uint32Array>();
  readonly #tensorSizes: ReadonlyMap<string, readonly number[]>;
  readonly #D: number;
  #arenaEnd = FIRST_ARENA_BYTE;

  /** Starts empty. */
  constructor(shape: ModelShape) {
    this.#D = shape.D;
    this.#tensorSizes = new Map(
      tensorSpecs(shape).map(({ name, shape }) => [name, shape]),
    );
  }

  /** The first byte that is free. */
  get end(): number {
    return this.#arenaEnd;
  }

  /** Hands out bytes. */
  take(bytes: number): number {
    const at = this.#arenaEnd;
    this.#arenaEnd = roundUp(at + bytes, CACHE_LINE);
    return at;
  }

  /** Words to be written at an offset. */
  put(offset: number, values: Uint32Array): void {
    this.words.set(offset, values);
  }

  /** Says where a tensor goes. */
  place(name: string, place: TensorPlace): void {
    this.places.set(name, place);
  }

  /** Room for vectors `[D]`, one behind the other. */
  vectors(...names: string[]): number {
    const D = this.#D, at = this.take(names.length * D * 4);
    for (const [i, name] of names.entries()) {
      this.place(name, {
        kind: "vector",
        offset: at + i * D * 4,
        format: "F32",
        rows: 1,
        width: D,
        columns: D,
        rowBytes: D * 4,
      });
    }
    return at;
  }

  /** Room for one vector of any length, up to a multiple of 64 values. */
  vector(name: string): number {
    const [width] = this.#tensorSizes.get(name) ?? [0];
    const columns = roundUp(width, 64), rowBytes = columns * 4;
    const offset = this.take(rowBytes);
    const kind = "vector", format = "F32", rows = 1;
    this.place(name, { kind, offset, format, rows, width, columns, rowBytes });
    return offset;
  }

  /** Room for a table whose rows are read one at a time. */
  rows(name: string, format: MatrixFormat): number {
    const [rows, width] = this.#tensorSizes.get(name) ?? [0, 0];
    const bytes = rowBytes(format, width);
    const offset = this.take(rows * bytes);
    this.place(name, {
      kind: "rows",
      offset,
      format,
      rows,
      width,
      columns: width,
      rowBytes: bytes,
    });
    return offset;
  }

  /**
   * Room for a matrix in panels, its sides rounded up to `step` and `columnStep`.
   *
   * @returns Where the struct that describes it is.
   */
  matrix(
    name: string,
    format: MatrixFormat,
    step: number = PANEL,
    columnStep: number = step,
  ): number {
    const [height, width] = this.#tensorSizes.get(name) ?? [0, 0];
    const rows = roundUp(height, step), columns = roundUp(width, columnStep);
    const bytes = panelBytes(format, columns);
    const data = this.take(rows / PANEL * bytes);
    this.place(name, {
      kind: "panels",
      offset: data,
      format,
      rows: height,
      width,
      columns,
      rowBytes: bytes / PANEL,
    });
    const at = this.take(MATRIX_FIELDS.length * 4);
    const fields = { format: MATRIX_FORMATS[format], data, rows, columns };
    this.put(at, words(MATRIX_FIELDS, { ...fields, panelBytes: bytes }));
    return at;
  }
}
