/**
 * A part of Y = X Wᵀ, and what is done to each output.
 *
 * Idea: the matrices of a phase stand one behind the other and are cut into pieces
 * of as many bytes, whatever their formats are. A piece has the panels that begin
 * in it: one stretch of memory.
 *
 * Layout: X f32 or quantised rows, as the matrix's format asks; Y f32 rows.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { activationBytes } from "./activation";
import { sigmoid4, tanh4 } from "./exponential";
import { PANEL } from "./panel";
import { Format, Matrix, Plan } from "./plan";
import { productFloat } from "./product_float";
import { panelProduct } from "./product_tiles";

/** What becomes of an output. */
export namespace After {
  export const NOTHING: u32 = 0;
  export const TANH: u32 = 1;
  export const SIGMOID: u32 = 2;
  /** max(y, 0)². */
  export const SQUARED_RELU: u32 = 3;
}

@inline
export function bytesOf(matrix: Matrix): u64 {
  return <u64>(matrix.rows / PANEL) * matrix.panelBytes;
}

/** Least work of a piece, in bytes times rows: less costs more to claim. */
const LEAST: u64 = 65_536;

/** Pieces for each thread. */
const PIECES: u32 = 4;

/** Pieces that `total` bytes for `rows` rows are cut into. */
export function pieces(plan: Plan, total: u64, rows: u32): u32 {
  const most = plan.threads * PIECES;
  return <u32>max<u64>(plan.threads, min<u64>(most, total * rows / LEAST));
}

/**
 * First panel, of groups of `group`, that begins at or after part `part` of
 * `parts` of `total` bytes, for a matrix that begins at byte `start`.
 */
export function boundary(
  matrix: Matrix,
  start: u64,
  total: u64,
  part: u32,
  parts: u32,
  group: u32,
): u32 {
  const unit = <u64>matrix.panelBytes * group;
  const cut = total * part / parts;
  if (cut <= start) return 0;
  const panels = (cut - start + unit - 1) / unit * group;
  return <u32>min<u64>(panels, matrix.rows / PANEL);
}

/** Panels `[from, to)` of a matrix over all rows of X. */
export function product(
  matrix: Matrix,
  from: u32,
  to: u32,
  x: usize,
  xQ: usize,
  rows: u32,
  y: usize,
  yColumns: u32,
  after: u32,
  scratch: usize,
): void {
  const format = matrix.format, columns = matrix.columns;
  const yStride = yColumns * 4;
  let out = y + from * PANEL * 4;
  if (format < Format.INT8) {
    productFloat(matrix, from, to, x, rows, out, yStride, scratch);
  } else {
    const stride = activationBytes(columns);
    let panel = <usize>matrix.data + from * matrix.panelBytes;
    for (let p = from; p < to; p++) {
      const at = out + (p - from) * PANEL * 4;
      if (format === Format.INT8) {
        panelProduct<i8>(panel, columns, xQ, stride, rows, at, yStride, scratch);
      } else {
        panelProduct<u8>(panel, columns, xQ, stride, rows, at, yStride, scratch);
      }
      panel += matrix.panelBytes;
    }
  }
  if (after === After.NOTHING) return;
  for (let p = from; p < to; p++) {
    finish(out, rows, yStride, after);
    out += PANEL * 4;
  }
}

function finish(y: usize, rows: u32, yStride: usize, after: u32): void {
  for (let m: u32 = 0; m < rows; m++) {
    for (let i: usize = 0; i < PANEL * 4; i += 16) {
      let x = v128.load(y + i);
      if (after === After.TANH) x = tanh4(x);
      else if (after === After.SIGMOID) x = sigmoid4(x);
      else {
        x = f32x4.max(x, f32x4.splat(0));
        x = f32x4.mul(x, x);
      }
      v128.store(y + i, x);
    }
    y += yStride;
  }
}
