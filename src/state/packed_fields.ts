/**
 * Rows of `N` unsigned fields of 4, 6, 8 or 10 bits, lowest bits first. A row
 * always fills whole bytes.
 *
 * Of fields of 10 bits the high 8 of all rows come first, then the low 2 of all
 * rows: bytes that mean something stay bytes.
 *
 * @module
 */

import { N } from "../model/shape.ts";

/** Bytes of `rows` rows. */
export function packedBytes(rows: number, bits: number): number {
  return rows * N * bits / 8;
}

/**
 * Writes one row.
 *
 * @param fields Has the row's `N` fields.
 * @param from Where in `fields`.
 * @param bits 4, 6, 8 or 10.
 * @param bytes Where all rows go.
 * @param start Where row 0 begins.
 * @param row Which row this is.
 * @param rows How many there are.
 */
export function pack(
  fields: Uint16Array | Uint8Array,
  from: number,
  bits: number,
  bytes: Uint8Array,
  start: number,
  row: number,
  rows: number,
): void {
  let at = start + row * packedBytes(1, bits);
  switch (bits) {
    case 4:
      for (let j = 0; j < N; j += 2) {
        bytes[at++] = fields[from + j] | fields[from + j + 1] << 4;
      }
      return;
    case 6:
      for (let j = 0; j < N; j += 4) {
        const word = fields[from + j] | fields[from + j + 1] << 6 |
          fields[from + j + 2] << 12 |
          fields[from + j + 3] << 18;
        bytes[at++] = word;
        bytes[at++] = word >>> 8;
        bytes[at++] = word >>> 16;
      }
      return;
    case 8:
      for (let j = 0; j < N; j++) bytes[at++] = fields[from + j];
      return;
    case 10: {
      let high = start + row * N, low = start + rows * N + row * N / 4;
      for (let j = 0; j < N; j += 4) {
        const a = fields[from + j], b = fields[from + j + 1];
        const c = fields[from + j + 2], d = fields[from + j + 3];
        bytes[high++] = a >>> 2;
        bytes[high++] = b >>> 2;
        bytes[high++] = c >>> 2;
        bytes[high++] = d >>> 2;
        bytes[low++] = a & 3 | (b & 3) << 2 | (c & 3) << 4 | (d & 3) << 6;
      }
    }
  }
}

/** Reads one row that {@linkcode pack} wrote; the parameters are the same. */
export function unpack(
  fields: Uint16Array | Uint8Array,
  from: number,
  bits: number,
  bytes: Uint8Array,
  start: number,
  row: number,
  rows: number,
): void {
  let at = start + row * packedBytes(1, bits);
  switch (bits) {
    case 4:
      for (let j = 0; j < N; j += 2) {
        const byte = bytes[at++];
        fields[from + j] = byte & 15;
        fields[from + j + 1] = byte >>> 4;
      }
      return;
    case 6:
      for (let j = 0; j < N; j += 4) {
        const word = bytes[at++] | bytes[at++] << 8 | bytes[at++] << 16;
        fields[from + j] = word & 63;
        fields[from + j + 1] = word >>> 6 & 63;
        fields[from + j + 2] = word >>> 12 & 63;
        fields[from + j + 3] = word >>> 18;
      }
      return;
    case 8:
      for (let j = 0; j < N; j++) fields[from + j] = bytes[at++];
      return;
    case 10: {
      let high = start + row * N, low = start + rows * N + row * N / 4;
      for (let j = 0; j < N; j += 4) {
        const byte = bytes[low++];
        fields[from + j] = bytes[high++] << 2 | byte & 3;
        fields[from + j + 1] = bytes[high++] << 2 | byte >>> 2 & 3;
        fields[from + j + 2] = bytes[high++] << 2 | byte >>> 4 & 3;
        fields[from + j + 3] = bytes[high++] << 2 | byte >>> 6;
      }
    }
  }
}
