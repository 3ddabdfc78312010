/**
 * Where a model's bytes come from: memory, a `Blob`, or, in `file_source.ts`, a
 * file. Readers ask for ranges, so a model is never in memory twice.
 *
 * @module
 */

import { ModelError } from "../errors.ts";

/** Bytes that can be read by range. */
export interface ByteSource {
  /** For people: a path or a URL. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * Reads `length` bytes at `offset`. The answer may share memory with other
   * answers: look, don't write.
   *
   * @throws {ModelError} `ERR_MODEL_CORRUPT` if they are not all there.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes that can be read to where they are wanted. */
export interface FillingSource extends ByteSource {
  /**
   * Reads the bytes at `offset` into `target`, all of it, which may be shared memory.
   *
   * @throws {ModelError} `ERR_MODEL_CORRUPT` if they are not all there.
   */
  fill(target: Uint8Array, offset: number): Promise<void>;
}

/** Checks that a range lies inside `source`. */
export function expectRange(
  { name, size }: Pick<ByteSource, "name" | "size">,
  offset: number,
  length: number,
): void {
  if (offset < 0 || length < 0 || offset + length > size) {
    throw new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read ${name}: ${length} bytes at ${offset} are wanted, ` +
        `but it ends at ${size}; fetch it again`,
    );
  }
}

/** Bytes in memory. */
export function bytesSource(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): FillingSource {
  const size = bytes.length;
  // Async, so that a range that is not there rejects.
  // deno-lint-ignore require-await
  const read = async (offset: number, length: number) => {
    expectRange({ name, size }, offset, length);
    return bytes.subarray(offset, offset + length);
  };
  return {
    name,
    size,
    read,
    async fill(target, offset): Promise<void> {
      target.set(await read(offset, target.length));
    },
  };
}

/** A file that a browser or a `fetch` gave. */
export function blobSource(name: string, blob: Blob): ByteSource {
  const { size } = blob;
  return {
    name,
    size,
    async read(offset, length): Promise<Uint8Array<ArrayBuffer>> {
      expectRange({ name, size }, offset, length);
      const range = blob.slice(offset, offset + length);
      return new Uint8Array(await range.arrayBuffer());
    },
  };
}
