/**
 * Model files on disk. The one place below `main.ts` that opens files.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { bytesSource, expectRange, type FillingSource } from "./byte_source.ts";

/** A file of at most this many bytes is read at once: one call beats hundreds. */
const READ_AT_ONCE_BYTES = 64 << 20;

/** A file that stays open until it is closed. */
export interface FileSource extends FillingSource, AsyncDisposable {
  /** When it was last written, ms since 1970; 0 where nobody knows. */
  readonly modified: number;
}

/**
 * Opens a file.
 *
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if it cannot be opened.
 */
export async function fileSource(path: string | URL): Promise<FileSource> {
  const name = path instanceof URL ? decodeURIComponent(path.pathname) : path;
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (cause) {
    const found = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : cause instanceof Error
      ? cause.message
      : cause;
    throw new ModelError(
      "ERR_MODEL_NOT_FOUND",
      `Cannot open ${name}: ${found}`,
      { cause },
    );
  }
  const { size, isFile, mtime } = await file.stat();
  const modified = mtime?.getTime() ?? 0;
  if (!isFile) {
    file.close();
    throw new ModelError(
      "ERR_MODEL_NOT_FOUND",
      `Cannot open ${name}: it is not a file`,
    );
  }
  if (size <= READ_AT_ONCE_BYTES) {
    using _ = file;
    const bytes = new Uint8Array(size);
    await fillFrom(file, 0, bytes);
    const source = bytesSource(name, bytes);
    return {
      ...source,
      modified,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  // A seek and its reads belong together, so ranges are read one after another.
  let last: Promise<unknown> = Promise.resolve();
  const fill = (target: Uint8Array, offset: number): Promise<void> => {
    const work = async () => await fillFrom(file, offset, target);
    const result = last.then(work, work);
    last = result;
    return result;
  };
  return {
    name,
    size,
    modified,
    async read(offset, length): Promise<Uint8Array<ArrayBuffer>> {
      expectRange({ name, size }, offset, length);
      const bytes = new Uint8Array(length);
      await fill(bytes, offset);
      return bytes;
    },
    async fill(target, offset): Promise<void> {
      expectRange({ name, size }, offset, target.length);
      await fill(target, offset);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await last.catch(() => {});
      file.close();
    },
  };
}

async function fillFrom(
  file: Deno.FsFile,
  offset: number,
  target: Uint8Array,
): Promise<void> {
  await file.seek(offset, Deno.SeekMode.Start);
  for (let done = 0; done < target.length;) {
    const count = await file.read(target.subarray(done));
    if (count === null) {
      throw new ModelError(
        "ERR_MODEL_CORRUPT",
        `Cannot read a model file: it ended at ${offset + done} while ` +
          `${target.length} bytes at ${offset} were read`,
      );
    }
    done += count;
  }
}
