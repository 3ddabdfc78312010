/**
 * How matrices lie in memory, and how they get there.
 *
 * Idea: a matrix `[rows, columns]` is cut into panels of 16 rows. Inside a panel
 * the columns follow each other, each with its 16 rows, so that a product keeps 16
 * sums in four vectors and reads the panel as one stream.
 *
 * Layout of a panel, by format:
 * - F32: per column 16 f32.
 * - F16, BF16: per column two vectors; lane i of the first holds row i in its low
 *   half and row 4 + i in its high half, the second rows 8 + i and 12 + i.
 * - INT8: per 64 columns 16 headers, then per 4 columns 16 rows of 4 i8.
 * - INT4: per 64 columns 16 headers, then per 8 columns 16 rows of 4 bytes; byte c
 *   holds column c in its low and column 4 + c in its high nibble.
 *
 * An INT8 header is a u32: bf16 scale in the high half, the i16 sum of the block's
 * 64 integers in the low half. An INT4 header: bf16 scale high, bf16 offset low,
 * and a weight is scale · n + offset, n in 0..15.
 *
 * Rows and columns that only fill up are zeros.
 * Source: own. Oracle: test/device/wasm/product_test.ts.
 */

import { lowBF16, lowF16, toBF16, toF16 } from "./half";
import { Format } from "./plan";

/** Rows of a panel. */
export const PANEL: u32 = 16;

/** Columns that share a scale. */
export const BLOCK: u32 = 64;

/** Bytes of a block of 16 rows, headers included. */
export const INT8_BLOCK: u32 = 64 + 1024;
export const INT4_BLOCK: u32 = 64 + 512;

/** Bytes of one panel. */
export function panelBytes(format: u32, columns: u32): u32 {
  if (format === Format.F32) return columns * 64;
  if (format === Format.INT8) return columns / BLOCK * INT8_BLOCK;
  if (format === Format.INT4) return columns / BLOCK * INT4_BLOCK;
  return columns * 32;
}

/**
 * Packs `rows` f32 rows of `width` columns into panels of `columns` columns.
 * `work` is 64 f32 of scratch.
 */
export function pack(
  format: u32,
  source: usize,
  rows: u32,
  width: u32,
  columns: u32,
  target: usize,
  work: usize,
): void {
  const bytes = panelBytes(format, columns);
  for (let row: u32 = 0; row < rows; row += PANEL) {
    const left = min(PANEL, rows - row);
    const from = source + row * width * 4;
    memory.fill(target, 0, bytes);
    for (let r: u32 = 0; r < left; r++) {
      const values = from + r * width * 4;
      if (format === Format.F32) packF32(values, width, target, r);
      else if (format === Format.INT8) packInt8(values, width, target, r, work);
      else if (format === Format.INT4) packInt4(values, width, target, r, work);
      else packHalf(format, values, width, target, r);
    }
    target += bytes;
  }
}

function packF32(values: usize, width: u32, target: usize, r: u32): void {
  for (let c: u32 = 0; c < width; c++) {
    store<f32>(target + (c * PANEL + r) * 4, load<f32>(values + c * 4));
  }
}

function packHalf(
  format: u32,
  values: usize,
  width: u32,
  target: usize,
  r: u32,
): void {
  const place = (r >> 3) * 16 + (r & 3) * 4 + ((r >> 2) & 1) * 2;
  for (let c: u32 = 0; c < width; c++) {
    const x = load<f32>(values + c * 4);
    const half = format === Format.F16 ? toF16(x) : toBF16(x);
    store<u16>(target + c * 32 + place, <u16> half);
  }
}

/** The columns of a block, zeros where the row has ended. */

@inline
function block(values: usize, width: u32, first: u32, work: usize): void {
  const n = min(BLOCK, width - first);
  memory.fill(work, 0, BLOCK * 4);
  memory.copy(work, values + first * 4, n * 4);
}

/** The least bf16 that is not below x ≥ 0, in its upper half. */

@inline
function upward(x: f32): u32 {
  return (reinterpret<u32>(x) + 0xffff) & 0xffff0000;
}

function packInt8(
  values: usize,
  width: u32,
  target: usize,
  r: u32,
  work: usize,
): void {
  for (let first: u32 = 0; first < width; first += BLOCK) {
    block(values, width, first, work);
    let most: f32 = 0;
    for (let c: u32 = 0; c < BLOCK; c++) {
      most = max(most, Mathf.abs(load<f32>(work + c * 4)));
    }
    const scale = upward(most / 127);
    const inverse: f32 = most === 0 ? 0 : 1 / reinterpret<f32>(scale);
    let sum = 0;
    for (let c: u32 = 0; c < BLOCK; c++) {
      const q = <i32> nearest<f32>(load<f32>(work + c * 4) * inverse);
      store<i8>(target + 64 + (c >> 2) * 64 + r * 4 + (c & 3), <i8> q);
      sum += q;
    }
    store<u32>(target + r * 4, scale | (<u32> sum & 0xffff));
    target += INT8_BLOCK;
  }
}

function packInt4(
  values: usize,
  width: u32,
  target: usize,
  r: u32,
  work: usize,
): void {
  for (let first: u32 = 0; first < width; first += BLOCK) {
    block(values, width, first, work);
    const header = fitInt4(work);
    const scale = reinterpret<f32>(header & 0xffff0000);
    const offset = reinterpret<f32>(header << 16);
    for (let c: u32 = 0; c < BLOCK; c++) {
      const n = nibble(load<f32>(work + c * 4), scale, offset);
      const at = target + 64 + (c >> 3) * 64 + r * 4 + (c & 3);
      store<u8>(at, <u8> (load<u8>(at) | (n << (c & 4))));
    }
    store<u32>(target + r * 4, header);
    target += INT4_BLOCK;
  }
}

@inline
function nibble(x: f32, scale: f32, offset: f32): u32 {
  if (scale === 0) return 0;
  return <u32> max<f32>(0, min<f32>(15, nearest<f32>((x - offset) / scale)));
}

/** Ranges tried for a block, as shares of its full one. */
const SHARES: i32 = 12;

/**
 * The header with the least squared error among the full range and narrower
 * ones about its middle.
 */
function fitInt4(work: usize): u32 {
  let low: f32 = f32.MAX_VALUE, high: f32 = -f32.MAX_VALUE;
  for (let c: u32 = 0; c < BLOCK; c++) {
    const x = load<f32>(work + c * 4);
    low = min(low, x);
    high = max(high, x);
  }
  let best: u32 = 0;
  let least: f32 = f32.MAX_VALUE;
  for (let i = 0; i < SHARES; i++) {
    const share: f32 = 1 - <f32> 0.035 * <f32> i;
    const middle = (low + high) * 0.5;
    const reach = (high - low) * 0.5 * share;
    const header = upward(reach * 2 / 15) | toBF16(middle - reach);
    const error = errorInt4(work, header);
    if (error < least) {
      least = error;
      best = header;
    }
  }
  return best;
}

function errorInt4(work: usize, header: u32): f32 {
  const scale = reinterpret<f32>(header & 0xffff0000);
  const offset = reinterpret<f32>(header << 16);
  let sum: f32 = 0;
  for (let c: u32 = 0; c < BLOCK; c++) {
    const x = load<f32>(work + c * 4);
    const e = <f32> nibble(x, scale, offset) * scale + offset - x;
    sum += e * e;
  }
  return sum;
}

/** Bytes of a row of the embedding. */
export function rowBytes(format: u32, columns: u32): u32 {
  if (format === Format.F32) return columns * 4;
  if (format >= Format.INT8) return columns / BLOCK * (BLOCK + 4);
  return columns * 2;
}

/**
 * Packs rows that are read one at a time: F32, F16 and BF16 as they are, and for
 * both integer formats per 64 columns an f32 scale and 64 i8.
 */
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
      let most: f32 = 0;
      for (let c: u32 = 0; c < BLOCK; c++) {
        most = max(most, Mathf.abs(load<f32>(from + c * 4)));
      }
      const inverse: f32 = most === 0 ? 0 : 127 / most;
      store<f32>(target, most / 127);
      for (let c: u32 = 0; c < BLOCK; c++) {
        const q = nearest<f32>(load<f32>(from + c * 4) * inverse);
        store<i8>(target + 4 + c, <i8> <i32> q);
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
  for (let i: u32 = 0; i < columns; i += BLOCK) {
    for (let c: u32 = 0; c < BLOCK; c += 4) {
      let x: v128;
      if (format === Format.F16) {
        x = lowF16(v128.load16x4_u(source + c * 2));
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
