/**
 * The matrices of the tests of products.
 *
 * @module
 */

import type { MatrixFormat } from "../../src/device/matrix_format.ts";
import {
  createMatrix,
  type Matrix,
} from "../../src/device/webgpu/matrix_parts.ts";
import { quantizeRows } from "../../src/device/webgpu/quantize.ts";
import { gpu } from "../support/gpu.ts";
import { random, uniform } from "../support/random.ts";

/** Every format that a matrix can have. */
export const FORMATS: readonly MatrixFormat[] = [
  "F32",
  "F16",
  "BF16",
  "int8",
  "int4",
];

/** Rows of weights that `format` holds, the values they have there, the matrix. */
export async function example(
  format: MatrixFormat,
  { outputs, K, most }: { outputs: number; K: number; most?: number },
): Promise<{ values: Float64Array; matrix: Matrix }> {
  const raw = uniform(outputs * K, [-1, 1], random(outputs + K));
  const weights = Float32Array.from(
    raw,
    (x) => format === "BF16" ? Math.round(x * 128) / 128 : x,
  );
  let values = Float64Array.from(weights);
  if (format === "F16") values = values.map(Math.f16round);
  if (format === "int8" || format === "int4") {
    const q = quantizeRows(weights, format === "int8" ? 8 : 4);
    values = Float64Array.from(
      q.values,
      (x, i) => x * q.scales[Math.floor(i / 32)],
    );
  }
  const matrix = await createMatrix(gpu, "w", [{
    rows: outputs,
    read: (from, to) => Promise.resolve(weights.slice(from * K, to * K)),
  }], { columns: K, format, ...(most ? { most } : {}) });
  return { values, matrix };
}
