/**
 * Y = X Wᵀ for one panel of F32, F16 or BF16 weights.
 *
 * Formula: y[m, r] = Σ_k x[m, k] w[r, k] in f32, k ascending, one sum per output.
 *
 * Idea: the 16 rows of a panel are four vectors of sums; each x[m, k] is spread
 * over a vector. One row of X reads the panel as it lies. Several rows widen 256
 * columns of it into scratch that stays in the first cache and go over that three
 * rows at a time (12 sums, the registers of x86). Both do the same operations per
 * output in the same order, so how many rows there are never shows in a bit.
 *
 * Layout: X rows `xStride` bytes apart, Y rows `yStride`; scratch 16 KiB.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { highBF16, highF16, lowBF16, lowF16 } from "./half";
import { Format } from "./plan";

/** Columns widened at a time. */
const DEPTH: u32 = 256;

/** Fewest rows for which widening pays. */
const MANY: u32 = 3;

export function productFloat(
  format: u32,
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  if (rows < MANY) {
    for (let m: u32 = 0; m < rows; m++) {
      if (format === Format.F32) rowF32(panel, columns, x, y);
      else if (format === Format.F16) rowF16(panel, columns, x, y);
      else rowBF16(panel, columns, x, y);
      x += xStride;
      y += yStride;
    }
    return;
  }
  for (let first: u32 = 0; first < columns; first += DEPTH) {
    const depth = min(DEPTH, columns - first);
    let w = panel + first * 64;
    if (format !== Format.F32) {
      w = scratch;
      widen(format, panel + first * 32, depth, w);
    }
    tiles(w, depth, x + first * 4, xStride, rows, y, yStride, first === 0);
  }
}

function rowF32(w: usize, columns: u32, x: usize, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + columns * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    a = f32x4.relaxed_madd(v128.load(w), s, a);
    b = f32x4.relaxed_madd(v128.load(w + 16), s, b);
    c = f32x4.relaxed_madd(v128.load(w + 32), s, c);
    d = f32x4.relaxed_madd(v128.load(w + 48), s, d);
    w += 64;
  }
  save(y, a, b, c, d);
}

function rowF16(w: usize, columns: u32, x: usize, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + columns * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    const p = v128.load(w), q = v128.load(w + 16);
    a = f32x4.relaxed_madd(lowF16(p), s, a);
    b = f32x4.relaxed_madd(highF16(p), s, b);
    c = f32x4.relaxed_madd(lowF16(q), s, c);
    d = f32x4.relaxed_madd(highF16(q), s, d);
    w += 32;
  }
  save(y, a, b, c, d);
}

function rowBF16(w: usize, columns: u32, x: usize, y: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let end = x + columns * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    const p = v128.load(w), q = v128.load(w + 16);
    a = f32x4.relaxed_madd(lowBF16(p), s, a);
    b = f32x4.relaxed_madd(highBF16(p), s, b);
    c = f32x4.relaxed_madd(lowBF16(q), s, c);
    d = f32x4.relaxed_madd(highBF16(q), s, d);
    w += 32;
  }
  save(y, a, b, c, d);
}

@inline
function save(y: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(y, a);
  v128.store(y + 16, b);
  v128.store(y + 32, c);
  v128.store(y + 48, d);
}

function widen(format: u32, w: usize, depth: u32, target: usize): void {
  for (let end = w + depth * 32; w < end; w += 16) {
    const p = v128.load(w);
    if (format === Format.F16) {
      v128.store(target, lowF16(p));
      v128.store(target + 16, highF16(p));
    } else {
      v128.store(target, lowBF16(p));
      v128.store(target + 16, highBF16(p));
    }
    target += 32;
  }
}

/** All rows over one widened piece; sums go on from Y unless it is the first. */
function tiles(
  w: usize,
  depth: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  fresh: bool,
): void {
  if (fresh) {
    for (let m: u32 = 0; m < rows; m++) memory.fill(y + m * yStride, 0, 64);
  }
  let m: u32 = 0;
  for (; m + 3 <= rows; m += 3) {
    tile3(w, depth, x, x + xStride, x + 2 * xStride, y, yStride);
    x += 3 * xStride;
    y += 3 * yStride;
  }
  for (; m < rows; m++) {
    tile1(w, depth, x, y);
    x += xStride;
    y += yStride;
  }
}

function tile1(w: usize, depth: u32, x: usize, y: usize): void {
  let a = v128.load(y),
    b = v128.load(y + 16),
    c = v128.load(y + 32),
    d = v128.load(y + 48);
  for (let end = x + depth * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    a = f32x4.relaxed_madd(v128.load(w), s, a);
    b = f32x4.relaxed_madd(v128.load(w + 16), s, b);
    c = f32x4.relaxed_madd(v128.load(w + 32), s, c);
    d = f32x4.relaxed_madd(v128.load(w + 48), s, d);
    w += 64;
  }
  save(y, a, b, c, d);
}

function tile3(
  w: usize,
  depth: u32,
  x0: usize,
  x1: usize,
  x2: usize,
  y0: usize,
  yStride: usize,
): void {
  const y1 = y0 + yStride, y2 = y1 + yStride;
  let a0 = v128.load(y0),
    b0 = v128.load(y0 + 16),
    c0 = v128.load(y0 + 32),
    d0 = v128.load(y0 + 48);
  let a1 = v128.load(y1),
    b1 = v128.load(y1 + 16),
    c1 = v128.load(y1 + 32),
    d1 = v128.load(y1 + 48);
  let a2 = v128.load(y2),
    b2 = v128.load(y2 + 16),
    c2 = v128.load(y2 + 32),
    d2 = v128.load(y2 + 48);
  for (let end = x0 + depth * 4; x0 < end; x0 += 4) {
    const s0 = v128.load32_splat(x0);
    const s1 = v128.load32_splat(x1);
    const s2 = v128.load32_splat(x2);
    let p = v128.load(w);
    a0 = f32x4.relaxed_madd(p, s0, a0);
    a1 = f32x4.relaxed_madd(p, s1, a1);
    a2 = f32x4.relaxed_madd(p, s2, a2);
    p = v128.load(w + 16);
    b0 = f32x4.relaxed_madd(p, s0, b0);
    b1 = f32x4.relaxed_madd(p, s1, b1);
    b2 = f32x4.relaxed_madd(p, s2, b2);
    p = v128.load(w + 32);
    c0 = f32x4.relaxed_madd(p, s0, c0);
    c1 = f32x4.relaxed_madd(p, s1, c1);
    c2 = f32x4.relaxed_madd(p, s2, c2);
    p = v128.load(w + 48);
    d0 = f32x4.relaxed_madd(p, s0, d0);
    d1 = f32x4.relaxed_madd(p, s1, d1);
    d2 = f32x4.relaxed_madd(p, s2, d2);
    w += 64;
    x1 += 4;
    x2 += 4;
  }
  save(y0, a0, b0, c0, d0);
  save(y1, a1, b1, c1, d1);
  save(y2, a2, b2, c2, d2);
}
