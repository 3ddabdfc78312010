/**
 * A row to INT8.
 *
 * Formula: per 64 values t = the least bf16 not below max |x| / 127, q = round(x / t).
 *
 * Layout: panel.ts. Source: own. Oracle: test/device/wasm/pack_test.ts.
 */

import { block, integers, largest, signedBytes, upward } from "./block";
import { BLOCK, INT8_BLOCK } from "./panel";

export function packInt8(
  values: usize,
  width: u32,
  target: usize,
  r: u32,
  work: usize,
): void {
  for (let first: u32 = 0; first < width; first += BLOCK) {
    block(values, width, first, work);
    const scale = upward(largest(work) / 127);
    const inverse = f32x4.splat(
      scale === 0 ? 0 : 1 / reinterpret<f32>(scale),
    );
    let sum = i32x4.splat(0);
    let to = target + 64 + r * 4;
    for (let i: usize = 0; i < BLOCK * 4; i += 16) {
      const q = integers(work + i, inverse);
      sum = i32x4.add(sum, q);
      store<u32>(to, signedBytes(q));
      to += 64;
    }
    const total = i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
      i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
    store<u32>(target + r * 4, scale | (<u32>total & 0xffff));
    target += INT8_BLOCK;
  }
}
