/**
 * Y = X Wᵀ for one panel of INT8 or INT4 weights and quantised activations.
 *
 * Formula: sums over the 64 columns of a block are integers, and y += t s Σ q a + b
 * for each block in f32, ascending, with t the weights' scale, s the activations',
 * and b what takes back an offset: of INT8's activations, o_a t Σ q (the header has
 * Σ q); of INT4's weights, o_w s Σ a. Integers do not round, so only the order of
 * blocks matters, and that is fixed.
 *
 * Idea: the dot product takes an i8 and a u7. `T` tells which of them the weights
 * are: i8 or u8. A tile is a quad of rows by 8 rows of weights: 8 sums stay in
 * registers and one load brings 4 columns of all rows. V8 checks the bounds of each
 * load, so that few wide ones are worth the shuffles that spread them. A tile goes
 * over a stretch of columns before the next begins: its f32 sums are then read and
 * written once a stretch, and INT4 weights unpacked once for all tiles. Rows that
 * fill no quad go one by one, which costs each a fifth more than a tile.
 *
 * Sums over stretches stay in scratch, row behind row, for rows of Y are often a
 * multiple of 1 KiB apart and would drive each other out of the first cache.
 *
 * Layout: panel.ts and activation.ts; 14,400 bytes of scratch.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { QUAD, QUAD_BLOCK, QuadBlock } from "./activation";
import { begin, dot, ended, inPairs, widened } from "./dots";
import { byPairs } from "./fused";
import { kept } from "./half";
import { early, late, NIBBLES, unpack } from "./nibbles";
import { BLOCK, INT4_BLOCK, INT8_BLOCK } from "./panel";
import {
  added,
  offsetOf,
  row0,
  row1,
  row2,
  row3,
  scaleOf,
  storePanel,
} from "./quad";

/** Blocks of a stretch. */
const STRETCH: u32 = 8;

/** Rows whose sums fit. */
const STRIP: u32 = 96;

/** Bytes of a block of unpacked INT4 weights, and of a row of sums. */
const UNPACKED: u32 = 1024, SUM: u32 = 64;

/** Where sums and unpacked weights lie in scratch, behind the constants of `kept`. */
const SUMS: usize = 64, WEIGHTS: usize = SUMS + STRIP * SUM;

/** Bytes of a block of weights as tiles take them. */
@inline
function tileBytes<T>(): u32 {
  return isSigned<T>() ? INT8_BLOCK : UNPACKED;
}

/** Bytes of a block of a panel. */
@inline
function blockBytes<T>(): u32 {
  return isSigned<T>() ? INT8_BLOCK : INT4_BLOCK;
}

/** A panel of INT8 (`T` is i8) or INT4 (u8) weights by all rows. */
export function panelProduct<T>(
  panel: usize,
  columns: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  yStride: usize,
  scratch: usize,
): void {
  const ones = kept(scratch, 0x00010001), mask = kept(scratch + 4, NIBBLES);
  const sums = scratch + SUMS, blocks = columns / BLOCK;
  for (let first: u32 = 0; first < rows; first += STRIP) {
    const count = min(STRIP, rows - first);
    memory.fill(sums, 0, count * SUM);
    let header = panel, from = x + first * xStride;
    for (let block: u32 = 0; block < blocks; block += STRETCH) {
      const n = min(STRETCH, blocks - block);
      let w = header + 64;
      if (!isSigned<T>() && count >= QUAD) {
        w = scratch + WEIGHTS;
        for (let i: u32 = 0; i < n; i++) {
          unpack(header + i * INT4_BLOCK + 64, w + i * UNPACKED, mask);
        }
      }
      if (byPairs()) {
        stretch<T, i16>(header, w, n, from, xStride, count, sums, ones, mask);
      } else {
        stretch<T, i32>(header, w, n, from, xStride, count, sums, ones, mask);
      }
      header += n * blockBytes<T>();
      from += n * QUAD_BLOCK;
    }
    deliver(sums, count, y + first * yStride, yStride);
  }
}

/** `blocks` blocks of a panel by all rows of a strip. */
@inline
function stretch<T, P>(
  header: usize,
  w: usize,
  blocks: u32,
  x: usize,
  xStride: usize,
  rows: u32,
  y: usize,
  ones: v128,
  mask: v128,
): void {
  const bytes = blocks * QUAD_BLOCK;
  let m: u32 = 0;
  for (; m + QUAD <= rows; m += QUAD) {
    tile<T, P>(header, w, x, x + bytes, y, ones);
    tile<T, P>(header + 32, w + 32, x, x + bytes, y + 32, ones);
    x += QUAD * xStride;
    y += QUAD * SUM;
  }
  for (; m < rows; m++) {
    row<T, P>(header, x, x + bytes, y, ones, mask);
    x += 4;
    y += SUM;
  }
}

/** Sums to Y. */
function deliver(sums: usize, rows: u32, y: usize, yStride: usize): void {
  for (let m: u32 = 0; m < rows; m++) {
    v128.store(y, v128.load(sums));
    v128.store(y, v128.load(sums, 16), 16);
    v128.store(y, v128.load(sums, 32), 32);
    v128.store(y, v128.load(sums, 48), 48);
    sums += SUM;
    y += yStride;
  }
}

/** A quad by a stretch of 8 rows of W, half a panel. */
function tile<T, P>(
  header: usize,
  w: usize,
  x: usize,
  end: usize,
  y: usize,
  ones: v128,
): void {
  let y0 = v128.load(y), z0 = v128.load(y, 16);
  let y1 = v128.load(y, 64), z1 = v128.load(y, 80);
  let y2 = v128.load(y, 128), z2 = v128.load(y, 144);
  let y3 = v128.load(y, 192), z3 = v128.load(y, 208);
  for (; x < end; x += QUAD_BLOCK) {
    let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, s = a0;
    if (inPairs<T, P>()) {
      s = v128.load(x, QuadBlock.PAIRS);
      a0 = row0(s);
      a1 = row1(s);
      a2 = row2(s);
      a3 = row3(s);
    }
    let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
    let at = x;
    for (const stop = x + 256; at < stop; at += 16) {
      const p = v128.load(w), q = v128.load(w, 16), all = v128.load(at);
      s = row0(all);
      a0 = dot<T, P>(p, s, ones, a0);
      b0 = dot<T, P>(q, s, ones, b0);
      s = row1(all);
      a1 = dot<T, P>(p, s, ones, a1);
      b1 = dot<T, P>(q, s, ones, b1);
      s = row2(all);
      a2 = dot<T, P>(p, s, ones, a2);
      b2 = dot<T, P>(q, s, ones, b2);
      s = row3(all);
      a3 = dot<T, P>(p, s, ones, a3);
      b3 = dot<T, P>(q, s, ones, b3);
      w += 64;
    }
    if (inPairs<T, P>()) {
      const totals = v128.load(x, QuadBlock.TOTAL);
      s = row0(totals);
      a0 = widened(a0, ones, s);
      b0 = widened(b0, ones, s);
      s = row1(totals);
      a1 = widened(a1, ones, s);
      b1 = widened(b1, ones, s);
      s = row2(totals);
      a2 = widened(a2, ones, s);
      b2 = widened(b2, ones, s);
      s = row3(totals);
      a3 = widened(a3, ones, s);
      b3 = widened(b3, ones, s);
    }
    const g = v128.load(header), h = v128.load(header, 16);
    const t = scaleOf(g), u = scaleOf(h);
    const d = offsetOf<T>(g, t), e = offsetOf<T>(h, u);
    const scales = v128.load(x, QuadBlock.SCALE);
    const offsets = v128.load(x, QuadBlock.OFFSET);
    let o = row0(offsets);
    s = row0(scales);
    y0 = added(a0, t, d, s, o, y0);
    z0 = added(b0, u, e, s, o, z0);
    o = row1(offsets);
    s = row1(scales);
    y1 = added(a1, t, d, s, o, y1);
    z1 = added(b1, u, e, s, o, z1);
    o = row2(offsets);
    s = row2(scales);
    y2 = added(a2, t, d, s, o, y2);
    z2 = added(b2, u, e, s, o, z2);
    o = row3(offsets);
    s = row3(scales);
    y3 = added(a3, t, d, s, o, y3);
    z3 = added(b3, u, e, s, o, z3);
    header += blockBytes<T>();
    w += tileBytes<T>() - 1024;
  }
  v128.store(y, y0);
  v128.store(y, z0, 16);
  v128.store(y, y1, 64);
  v128.store(y, z1, 80);
  v128.store(y, y2, 128);
  v128.store(y, z2, 144);
  v128.store(y, y3, 192);
  v128.store(y, z3, 208);
}

/** A lone row's sums of four rows of weights with one more block. */
@inline
function withBlock<T>(
  integers: v128,
  header: usize,
  s: v128,
  o: v128,
  y: v128,
): v128 {
  const h = v128.load(header), t = scaleOf(h);
  return added(integers, t, offsetOf<T>(h, t), s, o, y);
}

/** A lone row by a stretch, INT4 weights as they lie. */
function row<T, P>(
  header: usize,
  x: usize,
  end: usize,
  y: usize,
  ones: v128,
  mask: v128,
): void {
  let y0 = v128.load(y), y1 = v128.load(y, 16);
  let y2 = v128.load(y, 32), y3 = v128.load(y, 48);
  for (; x < end; x += QUAD_BLOCK) {
    let a = begin<T, P>(x), b = a, c = a, d = a;
    let w = header + 64, at = x;
    for (const stop = x + 256; at < stop; at += isSigned<T>() ? 16 : 32) {
      const s = v128.load32_splat(at);
      if (isSigned<T>()) {
        a = dot<T, P>(v128.load(w), s, ones, a);
        b = dot<T, P>(v128.load(w, 16), s, ones, b);
        c = dot<T, P>(v128.load(w, 32), s, ones, c);
        d = dot<T, P>(v128.load(w, 48), s, ones, d);
      } else {
        const t = v128.load32_splat(at, 16);
        let p = v128.load(w);
        a = dot<T, P>(early(p, mask), s, ones, a);
        a = dot<T, P>(late(p, mask), t, ones, a);
        p = v128.load(w, 16);
        b = dot<T, P>(early(p, mask), s, ones, b);
        b = dot<T, P>(late(p, mask), t, ones, b);
        p = v128.load(w, 32);
        c = dot<T, P>(early(p, mask), s, ones, c);
        c = dot<T, P>(late(p, mask), t, ones, c);
        p = v128.load(w, 48);
        d = dot<T, P>(early(p, mask), s, ones, d);
        d = dot<T, P>(late(p, mask), t, ones, d);
      }
      w += 64;
    }
    const total = v128.load32_splat(x, QuadBlock.TOTAL);
    const s = v128.load32_splat(x, QuadBlock.SCALE);
    const o = v128.load32_splat(x, QuadBlock.OFFSET);
    y0 = withBlock<T>(ended<T, P>(a, ones, total), header, s, o, y0);
    y1 = withBlock<T>(ended<T, P>(b, ones, total), header + 16, s, o, y1);
    y2 = withBlock<T>(ended<T, P>(c, ones, total), header + 32, s, o, y2);
    y3 = withBlock<T>(ended<T, P>(d, ones, total), header + 48, s, o, y3);
    header += blockBytes<T>();
  }
  storePanel(y, y0, y1, y2, y3);
}
