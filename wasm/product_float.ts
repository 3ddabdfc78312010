/**
 * Y = X Wᵀ for one panel of F32, F16 or BF16 weights.
 *
 * Formula: y[m, r] = Σ_k x[m, k] w[r, k] in f32, k ascending, one sum per output.
 *
 * Idea: the 16 rows of a panel are four vectors of sums; each x[m, k] is spread
 * over a vector. One row of X reads the panel as it lies. Quads of rows go through a
 * stretch of columns together: their columns are gathered in scratch once for all
 * panels, where one load, and one check of bounds, brings a column of four rows, and
 * a panel's columns are widened beside them. A tile is a quad by half a panel, 8 sums.
 * Both ways do the same operations per output in the same order, so how many rows
 * there are never shows in a bit.
 *
 * What widening masks and scales by is loaded before a loop, never a constant in
 * it: `kept` in half.ts says why.
 *
 * All shapes of the tile stay in one file, because they have to keep the same order
 * of operations, which is seen by holding one against the other.
 *
 * Layout: X and Y rows of f32; scratch `WIDE` bytes.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { QUAD } from "./activation";
import { madd } from "./fused";
import {
  BF16_MASK,
  F16_MASK,
  F16_SCALE,
  highBF16,
  highF16,
  kept,
  lowBF16,
  lowF16,
} from "./half";
import { PANEL } from "./panel";
import { Format, Matrix } from "./plan";
import { row0, row1, row2, row3, storePanel } from "./quad";

/** Columns of a stretch, and most rows that are gathered. */
const DEPTH: u32 = 128, STRIP: u32 = 64;

/** Bytes of scratch: a stretch of a panel, widened, and of gathered rows. */
export const WIDE: usize = DEPTH * (PANEL + STRIP) * 4;

/** Panels `[from, to)` of a matrix by all rows. */
export function productFloat(
  matrix: Matrix,
  from: u32,
  to: u32,
  x: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  const xStride = matrix.columns * 4;
  const panel = <usize>matrix.data + from * matrix.panelBytes;
  const panels = to - from;
  while (rows >= QUAD) {
    const count = min(STRIP, rows) & ~(QUAD - 1);
    strip(matrix, panel, panels, x, count, y, yStride, scratch);
    x += count * xStride;
    y += count * yStride;
    rows -= count;
  }
  const format = matrix.format, columns = matrix.columns;
  let w = panel;
  for (let p: u32 = 0; p < panels && rows > 0; p++) {
    let at = x, out = y + p * PANEL * 4;
    for (let m: u32 = 0; m < rows; m++) {
      if (format === Format.F32) rowF32(w, columns, at, out);
      else if (format === Format.F16) rowF16(w, columns, at, out, scratch);
      else rowBF16(w, columns, at, out, scratch);
      at += xStride;
      out += yStride;
    }
    w += matrix.panelBytes;
  }
}

/** Whole quads of rows, a stretch of columns after the other. */
function strip(
  matrix: Matrix,
  panel: usize,
  panels: u32,
  x: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  const columns = matrix.columns, format = matrix.format;
  const quads = scratch + DEPTH * 64;
  for (let first: u32 = 0; first < columns; first += DEPTH) {
    const depth = min(DEPTH, columns - first);
    for (let m: u32 = 0; m < rows; m += QUAD) {
      const row = x + (m * columns + first) * 4;
      gather(row, columns * 4, depth, quads + m * depth * 4);
    }
    for (let p: u32 = 0; p < panels; p++) {
      let w = panel + p * matrix.panelBytes;
      if (format === Format.F32) w += first * 64;
      else {
        widen(format, w + first * 32, depth, scratch);
        w = scratch;
      }
      const fresh = first === 0;
      let at = quads, out = y + p * PANEL * 4;
      for (let m: u32 = 0; m < rows; m += QUAD) {
        tile(w, depth, at, out, yStride, fresh);
        tile(w + 32, depth, at, out + 32, yStride, fresh);
        at += QUAD * depth * 4;
        out += QUAD * yStride;
      }
    }
  }
}

/** Four rows of X, column after column. */
function gather(x: usize, xStride: usize, depth: u32, to: usize): void {
  for (const end = x + depth * 4; x < end; x += 16) {
    const a = v128.load(x), b = v128.load(x + xStride);
    const c = v128.load(x + 2 * xStride), d = v128.load(x + 3 * xStride);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2));
    v128.store(to, v128.shuffle<f64>(ab, cd, 1, 3), 16);
    v128.store(to, v128.shuffle<f64>(ab2, cd2, 0, 2), 32);
    v128.store(to, v128.shuffle<f64>(ab2, cd2, 1, 3), 48);
    to += 64;
  }
}

function rowF32(w: usize, columns: u32, x: usize, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + columns * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(w), s, a);
    b = madd(v128.load(w + 16), s, b);
    c = madd(v128.load(w + 32), s, c);
    d = madd(v128.load(w + 48), s, d);
    w += 64;
  }
  storePanel(y, a, b, c, d);
}

function rowF16(
  w: usize,
  columns: u32,
  x: usize,
  y: usize,
  scratch: usize,
): void {
  const mask = kept(scratch, F16_MASK), scale = kept(scratch, F16_SCALE);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + columns * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    const p = v128.load(w), q = v128.load(w + 16);
    a = madd(lowF16(p, mask, scale), s, a);
    b = madd(highF16(p, mask, scale), s, b);
    c = madd(lowF16(q, mask, scale), s, c);
    d = madd(highF16(q, mask, scale), s, d);
    w += 32;
  }
  storePanel(y, a, b, c, d);
}

function rowBF16(
  w: usize,
  columns: u32,
  x: usize,
  y: usize,
  scratch: usize,
): void {
  const mask = kept(scratch, BF16_MASK);
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + columns * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    const p = v128.load(w), q = v128.load(w + 16);
    a = madd(lowBF16(p), s, a);
    b = madd(highBF16(p, mask), s, b);
    c = madd(lowBF16(q), s, c);
    d = madd(highBF16(q, mask), s, d);
    w += 32;
  }
  storePanel(y, a, b, c, d);
}

function widen(format: u32, w: usize, depth: u32, target: usize): void {
  const mask = kept(target, F16_MASK), scale = kept(target, F16_SCALE);
  const upper = kept(target, BF16_MASK);
  for (let end = w + depth * 32; w < end; w += 16) {
    const p = v128.load(w);
    if (format === Format.F16) {
      v128.store(target, lowF16(p, mask, scale));
      v128.store(target + 16, highF16(p, mask, scale));
    } else {
      v128.store(target, lowBF16(p));
      v128.store(target + 16, highBF16(p, upper));
    }
    target += 32;
  }
}

/** A quad by 8 rows of W, half a panel; sums go on from Y unless they are fresh. */
function tile(
  w: usize,
  depth: u32,
  x: usize,
  y: usize,
  yStride: usize,
  fresh: bool,
): void {
  const y1 = y + yStride, y2 = y1 + yStride, y3 = y2 + yStride;
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  if (!fresh) {
    a0 = v128.load(y);
    b0 = v128.load(y, 16);
    a1 = v128.load(y1);
    b1 = v128.load(y1, 16);
    a2 = v128.load(y2);
    b2 = v128.load(y2, 16);
    a3 = v128.load(y3);
    b3 = v128.load(y3, 16);
  }
  for (const end = x + depth * 16; x < end; x += 16) {
    const p = v128.load(w), q = v128.load(w, 16), all = v128.load(x);
    let s = row0(all);
    a0 = madd(p, s, a0);
    b0 = madd(q, s, b0);
    s = row1(all);
    a1 = madd(p, s, a1);
    b1 = madd(q, s, b1);
    s = row2(all);
    a2 = madd(p, s, a2);
    b2 = madd(q, s, b2);
    s = row3(all);
    a3 = madd(p, s, a3);
    b3 = madd(q, s, b3);
    w += 64;
  }
  v128.store(y, a0);
  v128.store(y, b0, 16);
  v128.store(y1, a1);
  v128.store(y1, b1, 16);
  v128.store(y2, a2);
  v128.store(y2, b2, 16);
  v128.store(y3, a3);
  v128.store(y3, b3, 16);
}
