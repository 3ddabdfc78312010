/**
 * The embedding, whose rows are read one at a time.
 *
 * Layout: F32, F16 and BF16 as they are; for both integer formats per 64 columns an
 * f32 scale and 64 i8, since few rows are ever read and none of them often.
 *
 * Source: own. Oracle: test/device/wasm/pack_test.ts.
 */

import { integers, largest, signedBytes } from "./block";
import {
  F16_MASK,
  F16_SCALE,
  kept,
  lowBF16,
  lowF16,
  toBF16,
  toF16,
} from "./half";
import { BLOCK } from "./panel";
import { Format } from "./plan";

/** Bytes of a row of the embedding. */
export function rowBytes(format: u32, columns: u32): u32 {
  if (format === Format.F32) return columns * 4;
  if (format >= Format.INT8) return columns / BLOCK * (BLOCK + 4);
  return columns * 2;
}

/** Packs f32 rows. */
export function packRows(
  format: u32,
  source: usize,
  rows: u32,
  columns: u32,
  target: usize,
): void {
  for (let i: u32 = 0; i < rows * columns; i += BLOCK) {
    const from = source + i * 4;
    if (format === Format.F32) {
      memory.copy(target, from, BLOCK * 4);
      target += BLOCK * 4;
    } else if (format >= Format.INT8) {
      const most = largest(from);
      const inverse = f32x4.splat(most === 0 ? 0 : 127 / most);
      store<f32>(target, most / 127);
      for (let c: u32 = 0; c < BLOCK; c += 4) {
        const q = integers(from + c * 4, inverse);
        store<u32>(target + 4 + c, signedBytes(q));
      }
      target += BLOCK + 4;
    } else {
      for (let c: u32 = 0; c < BLOCK; c++) {
        const x = load<f32>(from + c * 4);
        const half = format === Format.F16 ? toF16(x) : toBF16(x);
        store<u16>(target + c * 2, <u16> half);
      }
      target += BLOCK * 2;
    }
  }
}

/** Widens a packed row to f32. */
export function unpackRow(
  format: u32,
  source: usize,
  columns: u32,
  target: usize,
): void {
  if (format === Format.F32) {
    memory.copy(target, source, columns * 4);
    return;
  }
  const mask = kept(target, F16_MASK), scale = kept(target, F16_SCALE);
  for (let i: u32 = 0; i < columns; i += BLOCK) {
    for (let c: u32 = 0; c < BLOCK; c += 4) {
      let x: v128;
      if (format === Format.F16) {
        x = lowF16(v128.load16x4_u(source + c * 2), mask, scale);
      } else if (format === Format.BF16) {
        x = lowBF16(v128.load16x4_u(source + c * 2));
      } else {
        const q = i32x4.extend_low_i16x8_s(
          i16x8.extend_low_i8x16_s(v128.load32_zero(source + 4 + c)),
        );
        x = f32x4.mul(f32x4.convert_i32x4_s(q), v128.load32_splat(source));
      }
      v128.store(target + c * 4, x);
    }
    source += format >= Format.INT8 ? BLOCK + 4 : BLOCK * 2;
    target += BLOCK * 4;
  }
}
