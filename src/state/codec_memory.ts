/**
 * The codec's kernels (wasm/codec) and the memory that they work in: one for the
 * thread, since what a step puts into it, the same step takes out.
 *
 * @module
 */

import { N } from "../model/shape.ts";
import { codec } from "./codec_kernels.js";

/** What wasm/codec/index.ts exports. */
export interface CodecKernels {
  /** Where they work. */
  readonly memory: WebAssembly.Memory;
  /** Values to scales and fields; 0 if a row does not fit. */
  encode(rows: number, bits: number): number;
  /** Scales and fields to values. */
  decode(rows: number, bits: number): void;
}

/** Rows at a time. */
export const ROWS = 1024;

/** Where wasm/codec/index.ts has its arrays. */
const START = 65_536;

/** Turn rows into scales and fields, and back. */
export const codecKernels: CodecKernels = new WebAssembly.Instance(codec)
  .exports as unknown as CodecKernels;

const { buffer } = codecKernels.memory;

/** Values, `[ROWS, N]`. */
export const FLOATS: Float32Array = new Float32Array(buffer, START, ROWS * N);

/** Scales as the file has them, `[ROWS]`. */
export const SCALES: Uint32Array = new Uint32Array(
  buffer,
  START + FLOATS.byteLength,
  ROWS,
);

const FIELDS = START + FLOATS.byteLength + SCALES.byteLength;

/** Fields of up to 8 bits, `[ROWS, N]`. */
export const FIELD_BYTES: Uint8Array = new Uint8Array(buffer, FIELDS, ROWS * N);

/** Fields of more bits, at the same place. */
export const FIELD_WORDS: Uint16Array = new Uint16Array(
  buffer,
  FIELDS,
  ROWS * N,
);

/** Zeroes the memory: nothing of a state stays behind. */
export function wipeCodecMemory(): void {
  new Uint8Array(buffer).fill(0);
}
