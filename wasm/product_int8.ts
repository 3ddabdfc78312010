/**
 * Y = X Wᵀ for one panel of INT8 weights and quantised activations.
 *
 * Formula: y[m, r] = Σ_blocks t (s Σ_k q[r, k] a[m, k] + o Σ_k q[r, k]) with t the
 * weights' scale, s and o the activations' scale and offset, sums over the 64 columns
 * in integers and sums over blocks in f32, ascending.
 *
 * Idea: one instruction multiplies 16 weights (4 rows of 4 columns) by 4 spread
 * activations. Integers do not round, so only the order of blocks matters, and that
 * is fixed. The header has Σ q of its block.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";
import { byPairs } from "./fused";
import { INT8_BLOCK } from "./panel";
import { int8Pairs } from "./product_pairs";
import { dot, finish, tile3, tile6 } from "./product_tiles";

export function productInt8(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  if (byPairs()) {
    int8Pairs(panel, columns, x, xStride, rows, y, yStride, scratch);
    return;
  }
  for (let m: u32 = 0; m < rows; m++) memory.fill(y + m * yStride, 0, 64);
  const end = panel + columns / 64 * INT8_BLOCK;
  for (let block = panel; block < end; block += INT8_BLOCK) {
    const w = block + 64;
    let at = x, to = y;
    let m: u32 = 0;
    for (; m + 6 <= rows; m += 6) {
      tile6<i8>(block, w, at, xStride, to, yStride);
      tile6<i8>(block + 32, w + 32, at, xStride, to + 32, yStride);
      at += 6 * xStride;
      to += 6 * yStride;
    }
    for (; m + 3 <= rows; m += 3) {
      tile3<i8>(block, w, at, xStride, to, yStride);
      at += 3 * xStride;
      to += 3 * yStride;
    }
    for (; m < rows; m++) {
      row(block, at, to);
      at += xStride;
      to += yStride;
    }
    x += ACTIVATION_BLOCK;
  }
}

/** One row of X by a block of 16 rows of W. */
function row(header: usize, x: usize, y: usize): void {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  let w = header + 64;
  for (let end = x + 64; x < end; x += 4) {
    const s = v128.load32_splat(x);
    a = dot<i8>(v128.load(w), s, a);
    b = dot<i8>(v128.load(w + 16), s, b);
    c = dot<i8>(v128.load(w + 32), s, c);
    d = dot<i8>(v128.load(w + 48), s, d);
    w += 64;
  }
  finish<i8>(header, x, a, y);
  finish<i8>(header + 16, x, b, y + 16);
  finish<i8>(header + 32, x, c, y + 32);
  finish<i8>(header + 48, x, d, y + 48);
}
