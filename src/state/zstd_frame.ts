/**
 * Where a Zstandard frame ends, by its headers alone: decompressors differ in what
 * they make of bytes after it, and a save has one spelling. Source: RFC 8878,
 * section 3.1.1.
 *
 * @module
 */

const FRAME_MAGIC = 0xfd2fb528;

/** Bytes of a frame of nothing: its header, and one empty last block. */
const EMPTY = 9;

/**
 * Such frames that `node:zlib` of Deno 2.9.6 puts after its own: mostly one, and
 * two where its own fills a buffer but for a few bytes.
 */
const MOST_EMPTY_BLOCKS = 2;

/** `bytes` without the frames of nothing after their own, where there are some. */
export function withoutEmptyFrame<T extends ArrayBufferLike>(
  bytes: Uint8Array<T>,
): Uint8Array<T> {
  const length = zstdFrameLength(bytes);
  if (length === undefined) return bytes;
  const frames = (bytes.length - length) / EMPTY;
  if (!Number.isInteger(frames) || frames > MOST_EMPTY_BLOCKS) return bytes;
  for (let at = length; at < bytes.length; at += EMPTY) {
    const frame = bytes.subarray(at, at + EMPTY);
    const [last, ...size] = frame.subarray(-3);
    const nothing = zstdFrameLength(frame) === EMPTY && last === 1 &&
      size.every((byte) => byte === 0);
    if (!nothing) return bytes;
  }
  return bytes.subarray(0, length);
}

/** Bytes that a block holds at most. */
const FRAME_BLOCK_BYTES = 2 ** 17;

/** Bytes that a piece of {@linkcode zstdPieces} holds at most. */
const ZSTD_PIECE_BYTES = 8 * FRAME_BLOCK_BYTES;

/** Bytes of values to one block, at least: encoders make blocks of 8 KiB and more. */
const LEAST_BLOCK_BYTES = 2 ** 10;

/** A part of a frame. */
export interface ZstdPiece {
  /** Whole blocks, the frame's header before and its checksum after them. */
  readonly piece: Uint8Array;
  /** Whether the frame ends with it. */
  readonly last: boolean;
}

/**
 * A frame in pieces that hold 1 MiB at most each, however small they are.
 *
 * @param bytes A whole frame.
 * @param length Bytes that it is to hold.
 * @throws {RangeError} If it has far more blocks than that takes.
 */
export function* zstdPieces(
  bytes: Uint8Array,
  length: number,
): Generator<ZstdPiece> {
  const most = 16 + length / LEAST_BLOCK_BYTES;
  let from = 0, at = blocksStart(bytes) ?? bytes.length;
  for (let blocks = 0, held = 0, last = false; !last; blocks++) {
    if (blocks > most) throw new RangeError(`Over ${most} blocks`);
    const header = blockHeader(bytes, at);
    // What a compressed block holds is known once it is read.
    const holds = blockKind(header) === COMPRESSED
      ? FRAME_BLOCK_BYTES
      : header >> 3;
    if (held + holds > ZSTD_PIECE_BYTES && at > from) {
      yield { piece: bytes.subarray(from, at), last: false };
      from = at;
      held = 0;
    }
    held += holds;
    at += blockBytes(header);
    last = isLast(header) || at >= bytes.length;
  }
  yield { piece: bytes.subarray(from), last: true };
}

/** Bytes of the frame that `bytes` begin with; nothing if they begin with none. */
export function zstdFrameLength(bytes: Uint8Array): number | undefined {
  let at = blocksStart(bytes);
  if (at === undefined) return undefined;
  for (let last = false; !last;) {
    if (at + 3 > bytes.length) return undefined;
    const header = blockHeader(bytes, at);
    last = isLast(header);
    at += blockBytes(header);
  }
  const checksum = (bytes[4] >> 2) & 1, end = at + 4 * checksum;
  return end > bytes.length ? undefined : end;
}

/** Where the first block is. */
function blocksStart(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== FRAME_MAGIC) {
    return undefined;
  }
  const descriptor = bytes[4], single = (descriptor >> 5) & 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3];
  const content = [single, 2, 4, 8][descriptor >> 6];
  return 5 + (1 - single) + dictionary + content;
}

const REPEATED = 1, COMPRESSED = 2;

/** Three bytes: bit 0 whether it is the last, bits 1 and 2 its kind, then its size. */
function blockHeader(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
}

function isLast(header: number): boolean {
  return (header & 1) === 1;
}

function blockKind(header: number): number {
  return header >> 1 & 3;
}

/** Bytes of a block and its header; one of a repeated byte has that byte alone. */
function blockBytes(header: number): number {
  return 3 + (blockKind(header) === REPEATED ? 1 : header >> 3);
}
