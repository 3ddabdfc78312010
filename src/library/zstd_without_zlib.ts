/**
 * The compressor behind `exact` where there is no `node:zlib`: browsers, older
 * Node.js, edge runtimes. The bundler puts this file in the place of
 * `state/compress.ts`; both read what either wrote.
 *
 * Reading is `fzstd`'s. Writing is blocks as they are, or one byte repeated: a
 * valid frame of any state, larger than the server's, which has an entropy coder.
 *
 * Source: RFC 8878, sections 3.1.1.1 (frame header) and 3.1.1.2 (blocks).
 *
 * @module
 */

import { Decompress } from "fzstd";
import { StateError } from "../errors.ts";
import type { Pace, Steps } from "../steps.ts";

const ZSTD_MAGIC = 0xfd2fb528;

/** Content size in four bytes, in a single segment: no window of its own. */
const DESCRIPTOR = 0b10_1_00000;
const SINGLE_SEGMENT = 0b00_1_00000;

const ZSTD_BLOCK_BYTES = 2 ** 17;
const RAW_BLOCK = 0, REPEATED_BLOCK = 1;

/** Bytes of a frame's magic, descriptor and content size. */
const FRAME_HEADER_BYTES = 9;

/** Writes `bytes` as a frame. */
export function compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(compressedSize(bytes.length));
  const view = new DataView(frame.buffer);
  view.setUint32(0, ZSTD_MAGIC, true);
  view.setUint8(4, DESCRIPTOR);
  view.setUint32(5, bytes.length, true);
  let at = FRAME_HEADER_BYTES;
  for (
    let start = 0;
    start === 0 || start < bytes.length;
    start += ZSTD_BLOCK_BYTES
  ) {
    const block = bytes.subarray(start, start + ZSTD_BLOCK_BYTES);
    const last = start + ZSTD_BLOCK_BYTES >= bytes.length ? 1 : 0;
    const repeated = block.length > 1 && block.every((x) => x === block[0]);
    const word = block.length << 3 |
      (repeated ? REPEATED_BLOCK : RAW_BLOCK) << 1 | last;
    frame.set([word, word >> 8, word >> 16], at);
    const content = repeated ? block.subarray(0, 1) : block;
    frame.set(content, at + 3);
    at += 3 + content.length;
  }
  return frame.slice(0, at);
}

/** Bytes that {@linkcode compress} makes of `length` at most. */
export function compressedSize(length: number): number {
  return length + 32 + 3 * Math.ceil(length / ZSTD_BLOCK_BYTES);
}

/** Compresses at either pace: at once, for an engine has its thread for itself. */
export function* compressing(
  bytes: Uint8Array,
  _pace: Pace,
): Steps<Uint8Array<ArrayBuffer>> {
  yield;
  return compress(bytes);
}

/** Undoes {@linkcode compressing}; throws as {@linkcode decompress}. */
export function* decompressing(
  bytes: Uint8Array,
  length: number,
  _pace: Pace,
): Steps<Uint8Array<ArrayBuffer>> {
  yield;
  return decompress(bytes, length);
}

/**
 * Reads a frame of `length` bytes, and stops as soon as more come out.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if anything but `length` bytes come
 * out.
 */
export function decompress(
  bytes: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  expectWindow(bytes, length);
  const plain = new Uint8Array(length);
  let found = 0;
  const reader = new Decompress((piece) => {
    if (found + piece.length > length) throw damagedFrame(length);
    plain.set(piece, found);
    found += piece.length;
  });
  try {
    reader.push(bytes, true);
  } catch (cause) {
    throw cause instanceof StateError ? cause : damagedFrame(length, cause);
  }
  if (found !== length) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      `Cannot decode state: its values decompress to ${found} bytes, expected ${length}`,
    );
  }
  return plain;
}

/** Refuses a frame that asks for more memory than its content could need. */
function expectWindow(bytes: Uint8Array, length: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (
    bytes.length < FRAME_HEADER_BYTES || view.getUint32(0, true) !== ZSTD_MAGIC
  ) {
    throw damagedFrame(length);
  }
  const descriptor = view.getUint8(4);
  if (descriptor & SINGLE_SEGMENT) {
    const size = [1, 2, 4, 8][descriptor >> 6];
    const found = size === 1
      ? view.getUint8(5)
      : size === 2
      ? view.getUint16(5, true) + 256
      : size === 4
      ? view.getUint32(5, true)
      : Infinity;
    if (found > length) throw damagedFrame(length);
    return;
  }
  const window = view.getUint8(5), base = 2 ** (10 + (window >> 3));
  const most = Math.max(2 ** 21, 2 * length);
  if (base + base / 8 * (window & 7) > most) throw damagedFrame(length);
}

function damagedFrame(length: number, cause?: unknown): StateError {
  return new StateError(
    "ERR_STATE_UNREADABLE",
    `Cannot decode state: its compressed values are damaged or exceed ${length} bytes`,
    { cause },
  );
}
