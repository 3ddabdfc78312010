/**
 * Y = X Wᵀ for one panel of INT4 weights and quantised activations.
 *
 * Formula: a weight is t n + o; y[m, r] = Σ_blocks (t s (Σ_k n a) + o (s Σ_k a)) with
 * s the activations' scale and a their integers, sums over the 64 columns in
 * integers and sums over blocks in f32, ascending.
 *
 * Idea: as product_int8.ts, with the roles of the dot product exchanged: nibbles
 * are the u7, and activations of 8 bits the i8. One vector of weights unpacks to 4
 * rows of columns 0 to 3 and the same rows of columns 4 to 7. Several rows of X
 * unpack a block once, to scratch.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";
import { byPairs } from "./fused";
import { kept } from "./half";
import { early, late, NIBBLES, unpack } from "./nibbles";
import { INT4_BLOCK } from "./panel";
import { int4Pairs } from "./product_pairs";
import { dot, finish, tile3, tile6 } from "./product_tiles";

export function productInt4(
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
    int4Pairs(panel, columns, x, xStride, rows, y, yStride, scratch);
    return;
  }
  for (let m: u32 = 0; m < rows; m++) memory.fill(y + m * yStride, 0, 64);
  const mask = kept(scratch, NIBBLES);
  const end = panel + columns / 64 * INT4_BLOCK;
  for (let block = panel; block < end; block += INT4_BLOCK) {
    let at = x, to = y;
    let m: u32 = 0;
    if (rows >= 3) unpack(block + 64, scratch, mask);
    for (; m + 6 <= rows; m += 6) {
      tile6<u8>(block, scratch, at, xStride, to, yStride);
      tile6<u8>(block + 32, scratch + 32, at, xStride, to + 32, yStride);
      at += 6 * xStride;
      to += 6 * yStride;
    }
    for (; m + 3 <= rows; m += 3) {
      tile3<u8>(block, scratch, at, xStride, to, yStride);
      at += 3 * xStride;
      to += 3 * yStride;
    }
    for (; m < rows; m++) {
      row(block, at, to, mask);
      at += xStride;
      to += yStride;
    }
    x += ACTIVATION_BLOCK;
  }
}

/** One row of X by a block of 16 rows of W. */
function row(header: usize, x: usize, y: usize, mask: v128): void {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  let w = header + 64;
  for (let end = x + 64; x < end; x += 8) {
    const s = v128.load32_splat(x), t = v128.load32_splat(x + 4);
    let p = v128.load(w);
    a = dot<u8>(late(p, mask), t, dot<u8>(early(p, mask), s, a));
    p = v128.load(w + 16);
    b = dot<u8>(late(p, mask), t, dot<u8>(early(p, mask), s, b));
    p = v128.load(w + 32);
    c = dot<u8>(late(p, mask), t, dot<u8>(early(p, mask), s, c));
    p = v128.load(w + 48);
    d = dot<u8>(late(p, mask), t, dot<u8>(early(p, mask), s, d));
    w += 64;
  }
  finish<u8>(header, x, a, y);
  finish<u8>(header + 16, x, b, y + 16);
  finish<u8>(header + 32, x, c, y + 32);
  finish<u8>(header + 48, x, d, y + 48);
}
