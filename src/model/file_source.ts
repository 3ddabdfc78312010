/**
 * Model files on disk. The one place below `main.ts` that opens files.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { type ByteSource, bytesSource, expectRange } from "./byte_source.ts";

/** A file of at most this many bytes is read at once: one call beats hundreds. */
const WHOLE = 64 << 20;

/** A file that stays open until it is closed. */
export interface FileSource extends ByteSource, AsyncDisposable {
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
  if (size <= WHOLE) {
    using _ = file;
    const source = bytesSource(name, await readAt(file, 0, size));
    return {
      ...source,
      modified,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  // A seek and its reads belong together, so ranges are read one after another.
  let last: Promise<unknown> = Promise.resolve();
  return {
    name,
    size,
    modified,
    read(offset, length): Promise<Uint8Array<ArrayBuffer>> {
      const work = async () => {
        expectRange({ name, size }, offset, length);
        return await readAt(file, offset, length);
      };
      const result = last.then(work, work);
      last = result;
      return result;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await last.catch(() => {});
      file.close();
    },
  };
}

async function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) {
      throw new ModelError(
        "ERR_MODEL_CORRUPT",
        `Cannot read a model file: it ended at ${offset + done} while ` +
          `${length} bytes at ${offset} were read`,
      );
    }
    done += count;
  }
  return bytes;
}
