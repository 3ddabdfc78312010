/**
 * Buffers with a shape.
 *
 * @module
 */

import { bufferBytes, type Gpu } from "./gpu.ts";

/** A buffer that knows what it holds. Elements take 4 bytes. */
export interface Tensor {
  /** What it is called in error messages. */
  readonly label: string;
  /** Slowest dimension first. */
  readonly shape: readonly number[];
  /** Where it is. */
  readonly buffer: GPUBuffer;
}

/** Bytes of the buffer of a tensor of this shape. */
export function tensorBytes(shape: readonly number[]): number {
  return bufferBytes(4 * shape.reduce((a, b) => a * b, 1));
}

/** A tensor of f32 or u32, zeros unless values are given. */
export function createTensor(
  gpu: Gpu,
  label: string,
  shape: readonly number[],
  values?: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
): Tensor {
  const length = shape.reduce((a, b) => a * b, 1);
  const buffer = gpu.buffer(label, 4 * length);
  const tensor = { label, shape, buffer };
  if (values) {
    if (values.length !== length) {
      throw new RangeError(
        `Cannot create ${label}: ${values.length} values for [${
          shape.join(", ")
        }]`,
      );
    }
    gpu.device.queue.writeBuffer(buffer, 0, values);
  }
  return tensor;
}

/**
 * Checks a shape, because the GPU will not: it clamps reads that are out of range
 * in silence.
 *
 * @throws {RangeError} If it is another.
 */
export function expectShape(
  { label, shape }: Tensor,
  expected: readonly number[],
): void {
  if (
    shape.length === expected.length &&
    shape.every((size, i) => size === expected[i])
  ) return;
  throw new RangeError(
    `Cannot bind ${label}: shape is [${shape.join(", ")}], expected [${
      expected.join(", ")
    }]`,
  );
}
