/**
 * Y = X Wᵀ for one panel of F32, F16 or BF16 weights.
 *
 * Formula: y[m, r] = Σ_k x[m, k] w[r, k] in f32, k ascending, one sum per output.
 *
 * Idea: the 16 rows of a panel are four vectors of sums; each x[m, k] is spread
 * over a vector. One row of X reads the panel as it lies. Several rows widen 256
 * columns of it into scratch that stays in the first cache and go over that six
 * rows at a time, half a panel each (12 sums and 3 operands fit the 15 vector
 * registers that V8 has on x86; three rows of a whole panel spill and take twice as
 * long). Both do the same operations per
 * output in the same order, so how many rows there are never shows in a bit.
 *
 * What widening masks and scales by is loaded before a loop, never a constant in
 * it: `kept` in half.ts says why.
 *
 * All shapes of the tile stay in one file, because they have to keep the same order
 * of operations, which is seen by holding one against the other.
 *
 * Layout: X rows `xStride` bytes apart, Y rows `yStride`; scratch 16 KiB.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

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
import { Format } from "./plan";

/** Columns widened at a time. */
const DEPTH: u32 = 256;

/** Fewest rows for which widening pays. */
const MANY: u32 = 4;

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
      else if (format === Format.F16) rowF16(panel, columns, x, y, scratch);
      else rowBF16(panel, columns, x, y, scratch);
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
    a = madd(v128.load(w), s, a);
    b = madd(v128.load(w + 16), s, b);
    c = madd(v128.load(w + 32), s, c);
    d = madd(v128.load(w + 48), s, d);
    w += 64;
  }
  save(y, a, b, c, d);
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
  save(y, a, b, c, d);
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
  for (; m + 6 <= rows; m += 6) {
    tile6(w, depth, x, xStride, y, yStride);
    tile6(w + 32, depth, x, xStride, y + 32, yStride);
    x += 6 * xStride;
    y += 6 * yStride;
  }
  for (; m + 2 <= rows; m += 2) {
    tile2(w, depth, x, x + xStride, y, y + yStride);
    x += 2 * xStride;
    y += 2 * yStride;
  }
  if (m < rows) tile1(w, depth, x, y);
}

function tile1(w: usize, depth: u32, x: usize, y: usize): void {
  let a = v128.load(y), b = v128.load(y + 16);
  let c = v128.load(y + 32), d = v128.load(y + 48);
  for (let end = x + depth * 4; x < end; x += 4) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(w), s, a);
    b = madd(v128.load(w + 16), s, b);
    c = madd(v128.load(w + 32), s, c);
    d = madd(v128.load(w + 48), s, d);
    w += 64;
  }
  save(y, a, b, c, d);
}

/** Two rows of X by a panel: 8 sums. */
function tile2(
  w: usize,
  depth: u32,
  x0: usize,
  x1: usize,
  y0: usize,
  y1: usize,
): void {
  let a0 = v128.load(y0), b0 = v128.load(y0 + 16);
  let c0 = v128.load(y0 + 32), d0 = v128.load(y0 + 48);
  let a1 = v128.load(y1), b1 = v128.load(y1 + 16);
  let c1 = v128.load(y1 + 32), d1 = v128.load(y1 + 48);
  for (let end = x0 + depth * 4; x0 < end; x0 += 4) {
    const s = v128.load32_splat(x0), t = v128.load32_splat(x1);
    let p = v128.load(w);
    a0 = madd(p, s, a0);
    a1 = madd(p, t, a1);
    p = v128.load(w + 16);
    b0 = madd(p, s, b0);
    b1 = madd(p, t, b1);
    p = v128.load(w + 32);
    c0 = madd(p, s, c0);
    c1 = madd(p, t, c1);
    p = v128.load(w + 48);
    d0 = madd(p, s, d0);
    d1 = madd(p, t, d1);
    w += 64;
    x1 += 4;
  }
  save(y0, a0, b0, c0, d0);
  save(y1, a1, b1, c1, d1);
}

/** Six rows of X by 8 rows of W, half a panel: 12 sums. */
function tile6(
  w: usize,
  depth: u32,
  x0: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
): void {
  let x1 = x0 + xStride;
  let x2 = x1 + xStride;
  let x3 = x2 + xStride;
  let x4 = x3 + xStride;
  let x5 = x4 + xStride;
  let at = y;
  let a0 = v128.load(at), b0 = v128.load(at + 16);
  at += yStride;
  let a1 = v128.load(at), b1 = v128.load(at + 16);
  at += yStride;
  let a2 = v128.load(at), b2 = v128.load(at + 16);
  at += yStride;
  let a3 = v128.load(at), b3 = v128.load(at + 16);
  at += yStride;
  let a4 = v128.load(at), b4 = v128.load(at + 16);
  at += yStride;
  let a5 = v128.load(at), b5 = v128.load(at + 16);
  for (let end = x0 + depth * 4; x0 < end; x0 += 4) {
    const p = v128.load(w), q = v128.load(w + 16);
    let s = v128.load32_splat(x0);
    a0 = madd(p, s, a0);
    b0 = madd(q, s, b0);
    s = v128.load32_splat(x1);
    a1 = madd(p, s, a1);
    b1 = madd(q, s, b1);
    s = v128.load32_splat(x2);
    a2 = madd(p, s, a2);
    b2 = madd(q, s, b2);
    s = v128.load32_splat(x3);
    a3 = madd(p, s, a3);
    b3 = madd(q, s, b3);
    s = v128.load32_splat(x4);
    a4 = madd(p, s, a4);
    b4 = madd(q, s, b4);
    s = v128.load32_splat(x5);
    a5 = madd(p, s, a5);
    b5 = madd(q, s, b5);
    w += 64;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    x4 += 4;
    x5 += 4;
  }
  v128.store(y, a0);
  v128.store(y + 16, b0);
  y += yStride;
  v128.store(y, a1);
  v128.store(y + 16, b1);
  y += yStride;
  v128.store(y, a2);
  v128.store(y + 16, b2);
  y += yStride;
  v128.store(y, a3);
  v128.store(y + 16, b3);
  y += yStride;
  v128.store(y, a4);
  v128.store(y + 16, b4);
  y += yStride;
  v128.store(y, a5);
  v128.store(y + 16, b5);
}
