/**
 * Where a Zstandard frame ends, by its headers alone: decompressors differ in what
 * they make of bytes after it, and a save has one spelling. Source: RFC 8878,
 * section 3.1.1.
 *
 * @module
 */

const MAGIC = 0xfd2fb528;

/** Bytes of a frame of nothing: its header, and one empty last block. */
const EMPTY = 9;

/**
 * Such frames that `node:zlib` of Deno 2.9.6 puts after its own: mostly one, and
 * two where its own fills a buffer but for a few bytes.
 */
const MOST_EMPTY = 2;

/** `bytes` without the frames of nothing after their own, where there are some. */
export function withoutEmptyFrame<T extends ArrayBufferLike>(
  bytes: Uint8Array<T>,
): Uint8Array<T> {
  const length = zstdFrameLength(bytes);
  if (length === undefined) return bytes;
  const frames = (bytes.length - length) / EMPTY;
  if (!Number.isInteger(frames) || frames > MOST_EMPTY) return bytes;
  for (let at = length; at < bytes.length; at += EMPTY) {
    const frame = bytes.subarray(at, at + EMPTY);
    const [last, ...size] = frame.subarray(-3);
    const nothing = zstdFrameLength(frame) === EMPTY && last === 1 &&
      size.every((byte) => byte === 0);
    if (!nothing) return bytes;
  }
  return bytes.subarray(0, length);
}

/** Bytes of the frame that `bytes` begin with; nothing if they begin with none. */
export function zstdFrameLength(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = bytes[4];
  const single = (descriptor >> 5) & 1, checksum = (descriptor >> 2) & 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3];
  const content = [single, 2, 4, 8][descriptor >> 6];
  let at = 5 + (1 - single) + dictionary + content;
  for (let last = 0; last === 0;) {
    if (at + 3 > bytes.length) return undefined;
    const header = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
    last = header & 1;
    // A block of one byte repeated holds that byte alone.
    at += 3 + ((header >> 1 & 3) === 1 ? 1 : header >> 3);
  }
  const end = at + 4 * checksum;
  return end > bytes.length ? undefined : end;
}
