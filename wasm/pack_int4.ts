/**
 * A row to INT4.
 *
 * Formula: per 64 values n = round((x − o) / t) in 0..15, with the scale t and offset
 * o of least squared error among a dozen ranges.
 *
 * Idea: dropping the outermost values from the range costs them some and gives all
 * others a finer step. An offset of its own suits blocks that are not symmetric.
 *
 * Layout: panel.ts. Source: own. Oracle: test/device/wasm/pack_test.ts.
 */

import { block, bytes, foldMax, upward } from "./block";
import { madd } from "./fused";
import { toBF16 } from "./half";
import { fold } from "./norm";
import { BLOCK, INT4_BLOCK } from "./panel";

export function packInt4(
  values: usize,
  width: u32,
  target: usize,
  r: u32,
  work: usize,
): void {
  for (let first: u32 = 0; first < width; first += BLOCK) {
    block(values, width, first, work);
    const header = fitInt4(work);
    const offset = f32x4.splat(reinterpret<f32>(header << 16));
    const inverse = reciprocal(header);
    let to = target + 64 + r * 4;
    for (let i: usize = 0; i < BLOCK * 4; i += 32) {
      const low = nibbles(work + i, inverse, offset);
      const high = nibbles(work + i + 16, inverse, offset);
      const both = madd(high, f32x4.splat(16), low);
      store<u32>(to, bytes(i32x4.trunc_sat_f32x4_u(both)));
      to += 64;
    }
    store<u32>(target + r * 4, header);
    target += INT4_BLOCK;
  }
}

/** One over the scale of an INT4 header. */
@inline
function reciprocal(header: u32): v128 {
  const scale = reinterpret<f32>(header & 0xffff0000);
  return f32x4.splat(scale === 0 ? 0 : 1 / scale);
}

/** Four n in 0..15, as f32. */
@inline
function nibbles(x: usize, inverse: v128, offset: v128): v128 {
  const n = f32x4.nearest(
    f32x4.mul(f32x4.sub(v128.load(x), offset), inverse),
  );
  return f32x4.max(f32x4.splat(0), f32x4.min(f32x4.splat(15), n));
}

/** Ranges tried for a block, as shares of its full one. */
const SHARES: i32 = 12;

/**
 * The header with the least squared error among the full range and narrower
 * ones about its middle.
 */
function fitInt4(work: usize): u32 {
  let least = f32x4.splat(f32.MAX_VALUE), most = f32x4.neg(least);
  for (let i: usize = 0; i < BLOCK * 4; i += 16) {
    least = f32x4.min(least, v128.load(work + i));
    most = f32x4.max(most, v128.load(work + i));
  }
  const low = -foldMax(f32x4.neg(least)), high = foldMax(most);
  const middle = (low + high) * 0.5;
  let best: u32 = 0;
  let smallest: f32 = f32.MAX_VALUE;
  for (let i = 0; i < SHARES; i++) {
    const reach = (high - low) * 0.5 * (1 - <f32>0.035 * <f32>i);
    const header = upward(reach * 2 / 15) | toBF16(middle - reach);
    const error = errorInt4(work, header);
    if (error < smallest) {
      smallest = error;
      best = header;
    }
  }
  return best;
}

function errorInt4(work: usize, header: u32): f32 {
  const scale = f32x4.splat(reinterpret<f32>(header & 0xffff0000));
  const offset = f32x4.splat(reinterpret<f32>(header << 16));
  const inverse = reciprocal(header);
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < BLOCK * 4; i += 16) {
    const n = nibbles(work + i, inverse, offset);
    const e = f32x4.sub(
      madd(n, scale, offset),
      v128.load(work + i),
    );
    sum = madd(e, e, sum);
  }
  return fold(sum);
}
