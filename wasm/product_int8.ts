/**
 * Y = X Wᵀ for one panel of INT8 weights and quantised activations.
 *
 * Formula: y[m, r] = Σ_blocks t s (Σ_k q[r, k] a[m, k] − 8192 Σ_k q[r, k]) with t
 * the weights' scale, s the activations', sums over the 64 columns in integers and
 * sums over blocks in f32, ascending.
 *
 * Idea: one instruction multiplies 16 weights (4 rows of 4 columns) by 4 spread
 * activations. The sum of low parts starts at −8192 Σ q, which every block carries.
 * Integers do not round, so only the order of blocks matters, and that is fixed.
 * The f32 sums stay in Y from block to block: the integer ones need the registers.
 *
 * Layout: panel.ts and activation.ts.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { ACTIVATION_BLOCK } from "./activation";
import { dotAdd, madd } from "./fused";
import { INT8_BLOCK } from "./panel";

export function productInt8(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
): void {
  for (let m: u32 = 0; m < rows; m++) memory.fill(y + m * yStride, 0, 64);
  const end = panel + columns / 64 * INT8_BLOCK;
  let m: u32 = 0;
  for (; m + 3 <= rows; m += 3) {
    let at = x;
    for (let block = panel; block < end; block += INT8_BLOCK) {
      tile3(block, 0, at, xStride, y, yStride);
      tile3(block, 32, at, xStride, y + 32, yStride);
      at += ACTIVATION_BLOCK;
    }
    x += 3 * xStride;
    y += 3 * yStride;
  }
  for (; m < rows; m++) {
    let at = x;
    for (let block = panel; block < end; block += INT8_BLOCK) {
      row(block, at, y);
      at += ACTIVATION_BLOCK;
    }
    x += xStride;
    y += yStride;
  }
}

/** What takes back the activations' offset. */
@inline
function start(header: v128): v128 {
  return i32x4.shl(i32x4.neg(i32x4.shr_s(i32x4.shl(header, 16), 16)), 13);
}

/** Adds four rows of a block to Y; `x` is where the activations' scale is. */
@inline
function finish(header: usize, x: usize, high: v128, low: v128, y: usize): void {
  const scale = f32x4.mul(
    v128.and(v128.load(header), i32x4.splat(0xffff0000)),
    v128.load32_splat(x),
  );
  const sum = f32x4.convert_i32x4_s(i32x4.add(i32x4.shl(high, 7), low));
  v128.store(y, madd(sum, scale, v128.load(y)));
}

/** One row of X by a block of 16 rows of W. */
function row(header: usize, x: usize, y: usize): void {
  let la = start(v128.load(header)), lb = start(v128.load(header + 16));
  let lc = start(v128.load(header + 32)), ld = start(v128.load(header + 48));
  let ua = i32x4.splat(0), ub = ua, uc = ua, ud = ua;
  let w = header + 64;
  for (let end = x + 64; x < end; x += 4) {
    const u = v128.load32_splat(x), l = v128.load32_splat(x + 64);
    let p = v128.load(w);
    ua = dotAdd(p, u, ua);
    la = dotAdd(p, l, la);
    p = v128.load(w + 16);
    ub = dotAdd(p, u, ub);
    lb = dotAdd(p, l, lb);
    p = v128.load(w + 32);
    uc = dotAdd(p, u, uc);
    lc = dotAdd(p, l, lc);
    p = v128.load(w + 48);
    ud = dotAdd(p, u, ud);
    ld = dotAdd(p, l, ld);
    w += 64;
  }
  finish(header, x + 64, ua, la, y);
  finish(header + 16, x + 64, ub, lb, y + 16);
  finish(header + 32, x + 64, uc, lc, y + 32);
  finish(header + 48, x + 64, ud, ld, y + 48);
}

/** Three rows of X by a block of 8 rows of W, half a panel: 12 integer sums. */
function tile3(
  block: usize,
  half: usize,
  x0: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
): void {
  const header = block + half;
  let x1 = x0 + xStride, x2 = x1 + xStride;
  let la0 = start(v128.load(header)), la1 = la0, la2 = la0;
  let lb0 = start(v128.load(header + 16)), lb1 = lb0, lb2 = lb0;
  let ua0 = i32x4.splat(0), ua1 = ua0, ua2 = ua0;
  let ub0 = ua0, ub1 = ua0, ub2 = ua0;
  let w = header + 64;
  for (let end = x0 + 64; x0 < end; x0 += 4) {
    const p = v128.load(w), q = v128.load(w + 16);
    let s = v128.load32_splat(x0);
    ua0 = dotAdd(p, s, ua0);
    ub0 = dotAdd(q, s, ub0);
    s = v128.load32_splat(x0 + 64);
    la0 = dotAdd(p, s, la0);
    lb0 = dotAdd(q, s, lb0);
    s = v128.load32_splat(x1);
    ua1 = dotAdd(p, s, ua1);
    ub1 = dotAdd(q, s, ub1);
    s = v128.load32_splat(x1 + 64);
    la1 = dotAdd(p, s, la1);
    lb1 = dotAdd(q, s, lb1);
    s = v128.load32_splat(x2);
    ua2 = dotAdd(p, s, ua2);
    ub2 = dotAdd(q, s, ub2);
    s = v128.load32_splat(x2 + 64);
    la2 = dotAdd(p, s, la2);
    lb2 = dotAdd(q, s, lb2);
    w += 64;
    x1 += 4;
    x2 += 4;
  }
  finish(header, x0 + 64, ua0, la0, y);
  finish(header + 16, x0 + 64, ub0, lb0, y + 16);
  y += yStride;
  finish(header, x1 + 64, ua1, la1, y);
  finish(header + 16, x1 + 64, ub1, lb1, y + 16);
  y += yStride;
  finish(header, x2 + 64, ua2, la2, y);
  finish(header + 16, x2 + 64, ub2, lb2, y + 16);
}
