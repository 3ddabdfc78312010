/**
 * What a token must read, and so how fast it could be.
 *
 * @module
 */

import type { DeviceKind, Quantization } from "../src/device/device.ts";
import { rowBytes } from "../src/device/wasm/wasm_matrix.ts";
import { matrixFormat } from "../src/device/matrix_format.ts";
import type { Checkpoint } from "../src/model/checkpoint.ts";
import { stateLength } from "../src/model/shape.ts";

/** Bits of a weight in the webgpu device's embedding, scales included. */
const TABLE_BITS = {
  F32: 32,
  F16: 16,
  BF16: 16,
  int8: 8.5,
  int4: 4.5,
} as const;

/** What is on a device. */
export interface OnDevice {
  /** The model. */
  readonly checkpoint: Pick<Checkpoint, "shape" | "stored">;
  /** Where it is. */
  readonly kind: DeviceKind;
  /** How its matrices are kept. */
  readonly quantization: Quantization;
  /** Bytes of all its weights. */
  readonly weightBytes: number;
}

/**
 * Bytes that one decode pass moves: every weight but the embedding, of which it
 * reads a row a lane, and each lane's state, read and written.
 */
export function passBytes(
  { checkpoint, kind, quantization, weightBytes }: OnDevice,
  lanes: number,
): number {
  const { shape, stored } = checkpoint;
  const format = matrixFormat(stored, quantization);
  const row = kind === "wasm"
    ? rowBytes(format, shape.D)
    : shape.D * TABLE_BITS[format] / 8;
  const matrices = weightBytes - shape.V * row;
  return matrices + lanes * (row + 2 * 4 * stateLength(shape));
}
