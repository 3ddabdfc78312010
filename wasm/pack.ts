/**
 * Puts rows of f32 into panels.
 *
 * Layout: panel.ts. Source: own. Oracle: test/device/wasm/pack_test.ts.
 */

import { toBF16, toF16 } from "./half";
import { packInt4 } from "./pack_int4";
import { packInt8 } from "./pack_int8";
import { PANEL, panelBytes } from "./panel";
import { Format } from "./plan";

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
