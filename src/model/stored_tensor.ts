/**
 * Tensors as a file stores them, whatever kind of file it is.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { loadHalves } from "../text/half.ts";
import type { StoredType } from "./checkpoint.ts";
import type { ByteSource } from "./byte_source.ts";

/** A tensor of a file. */
export interface StoredTensor {
  /** Its name in the file. */
  readonly name: string;
  /** Element or block type, in the file's own words. */
  readonly type: string;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  /** Values `from` to `to` (exclusive) in row-major order, widened to f32. */
  values(from: number, to: number): Promise<Float32Array<ArrayBuffer>>;
}

/** Bytes of one value. */
export const BYTES_PER_VALUE: Readonly<Record<StoredType, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
};

/** Whether values of a type are plain numbers that this program widens. */
export function isStoredType(type: string): type is StoredType {
  return Object.hasOwn(BYTES_PER_VALUE, type);
}

/** Values in a shape. */
export function volume(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A tensor of plain numbers, row-major at `offset` of a source. */
export function plainTensor(
  source: ByteSource,
  { name, type, shape, offset }: {
    name: string;
    type: StoredType;
    shape: readonly number[];
    offset: number;
  },
): StoredTensor {
  const size = BYTES_PER_VALUE[type];
  return {
    name,
    type,
    shape,
    async values(from, to): Promise<Float32Array<ArrayBuffer>> {
      const bytes = await source.read(offset + from * size, (to - from) * size);
      return widen(bytes, type);
    },
  };
}

/** Little-endian numbers as f32; every value of these types is exact there. */
export function widen(
  bytes: Uint8Array<ArrayBuffer>,
  type: StoredType,
): Float32Array<ArrayBuffer> {
  const length = bytes.length / BYTES_PER_VALUE[type];
  const { buffer, byteOffset } = bytes.byteOffset % BYTES_PER_VALUE[type] === 0
    ? bytes
    : bytes.slice();
  switch (type) {
    case "F32":
      return new Float32Array(buffer, byteOffset, length).slice();
    case "F16": {
      const values = new Float32Array(length);
      loadHalves(new Uint16Array(buffer, byteOffset, length), values);
      return values;
    }
    case "BF16": {
      const halves = new Uint16Array(buffer, byteOffset, length);
      const bits = new Uint32Array(length);
      for (let i = 0; i < length; i++) bits[i] = halves[i] << 16;
      return new Float32Array(bits.buffer);
    }
  }
}

/** Checks a file's own numbers: whole, not negative, exact in a double. */
export function expectSize(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) {
    return value;
  }
  throw new ModelError(
    "ERR_MODEL_CORRUPT",
    `Cannot read ${what}: ${JSON.stringify(value)} is not a size`,
  );
}
