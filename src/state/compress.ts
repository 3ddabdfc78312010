/**
 * The compressor behind `exact`, and the one file to replace where there is no
 * `node:zlib` with zstd: Deno 2.9 has it, Node from 22.15, browsers do not.
 *
 * Zstandard at level 1: on states it comes within 1 % of what level 19 reaches,
 * at 1–2 ms a megabyte.
 *
 * @module
 */

import type { Transform } from "node:stream";
import { StateError } from "../errors.ts";
import type { Pace, Steps } from "../steps.ts";
import { withoutEmptyFrame, zstdPieces } from "./zstd_frame.ts";

/**
 * The compressor, from when it is first needed: with it comes most of what Deno has
 * of Node.js, which takes 20 ms of every start.
 */
const zlib = () => process.getBuiltinModule("node:zlib");

const options = () => ({
  params: { [zlib().constants.ZSTD_c_compressionLevel]: 1 },
});

/** Bytes that are compressed in one step: about 2 ms. */
const PIECE = 2 ** 17;

/** Compresses `bytes`: the same bytes come out at either pace. */
export function* compressing(
  bytes: Uint8Array,
  pace: Pace,
): Steps<Uint8Array<ArrayBuffer>> {
  if (pace === "atOnce" || bytes.length <= PIECE) return compress(bytes);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Pieces(zlib().createZstdCompress(options()), (piece) => {
    pieces.push(piece);
    length += piece.length;
  });
  let at = 0;
  for (; at + PIECE < bytes.length; at += PIECE) {
    yield stream.write(bytes.subarray(at, at + PIECE));
  }
  yield stream.end(bytes.subarray(at));
  const compressed = new Uint8Array(length);
  let end = 0;
  for (const piece of pieces) {
    compressed.set(piece, end);
    end += piece.length;
  }
  return withoutEmptyFrame(compressed);
}

/** Compresses `bytes`. */
export function compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const compressed = new Uint8Array(zlib().zstdCompressSync(bytes, options()));
  return withoutEmptyFrame(compressed);
}

/**
 * Bytes that {@linkcode compress} makes of `length` at most: what the format
 * allows, RFC 8878: a frame header and 3 bytes for each block of 128 KiB.
 */
export function compressedSize(length: number): number {
  return length + 32 + 3 * Math.ceil(length / 2 ** 17);
}

/**
 * Undoes {@linkcode compress}, and stops as soon as more than `length` bytes come
 * out: a few bytes can name gigabytes.
 *
 * @throws {StateError} `ERR_STATE_UNREADABLE` if anything but `length` bytes come
 * out.
 */
export function decompress(
  bytes: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  let plain;
  try {
    plain = zlib().zstdDecompressSync(bytes, { maxOutputLength: length });
  } catch (cause) {
    throw damaged(length, cause);
  }
  if (plain.length !== length) throw short(plain.length, length);
  return new Uint8Array(plain);
}

/**
 * Undoes {@linkcode compress} at either pace. In steps each takes in only so many
 * blocks of the frame that 1 MiB comes out at most.
 *
 * @param bytes One frame, and nothing after it.
 * @throws {StateError} As {@linkcode decompress}, and if the frame has more blocks
 * than values could need.
 */
export function* decompressing(
  bytes: Uint8Array,
  length: number,
  pace: Pace,
): Steps<Uint8Array<ArrayBuffer>> {
  if (pace === "atOnce" || length <= PIECE) return decompress(bytes, length);
  const plain = new Uint8Array(length);
  let found = 0;
  const stream = new Pieces(zlib().createZstdDecompress(), (piece) => {
    // What is too much is counted alone: nothing here may throw, for the stream
    // would end the process with it.
    if (found + piece.length <= length) plain.set(piece, found);
    found += piece.length;
  });
  try {
    for (const { piece, last } of zstdPieces(bytes, length)) {
      yield last ? stream.end(piece) : stream.write(piece);
      if (found > length) throw damaged(length);
    }
  } catch (cause) {
    throw cause instanceof StateError ? cause : damaged(length, cause);
  } finally {
    stream.close();
  }
  if (found !== length) throw short(found, length);
  return plain;
}

function damaged(length: number, cause?: unknown): StateError {
  return new StateError(
    "ERR_STATE_UNREADABLE",
    `Cannot decode state: its compressed values are damaged or exceed ${length} bytes`,
    { cause },
  );
}

function short(found: number, length: number): StateError {
  return new StateError(
    "ERR_STATE_UNREADABLE",
    `Cannot decode state: its values decompress to ${found} bytes, expected ${length}`,
  );
}

/** A transform of node:stream that is given bytes one piece after the other. */
class Pieces {
  readonly #stream: Transform;
  readonly #over: Promise<void>;

  constructor(
    stream: Transform,
    found: (piece: Uint8Array) => void,
  ) {
    this.#stream = stream;
    this.#over = new Promise((resolve, reject) => {
      stream.once("end", resolve);
      stream.once("close", resolve);
      stream.on("error", reject);
    });
    // A reader that waits for a piece is told too.
    this.#over.catch(() => {});
    stream.on("data", found);
  }

  /** Takes a piece in. */
  write(piece: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve, reject) =>
      this.#stream.write(piece, (error) => error ? reject(error) : resolve())
    );
    return Promise.race([this.#over, taken]);
  }

  /** Takes the last piece in, and waits for all that comes of them. */
  end(piece: Uint8Array): Promise<void> {
    this.#stream.end(piece);
    return this.#over;
  }

  /** Frees what it holds. */
  close(): void {
    this.#stream.destroy();
  }
}
