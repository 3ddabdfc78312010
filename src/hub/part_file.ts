/**
 * The part of a download that has arrived, on disk: `NAME.part`, and beside it
 * `NAME.part.json` with the ETag of the file that it belongs to. Its SHA-256 is
 * computed as it arrives; what an earlier process left is read once for that.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { writing } from "./disk_refusal.ts";
import type { Part } from "./download_file.ts";

/** Bytes read at a time to hash what is there. */
const HASHED_PIECE_BYTES = 1 << 20;

/** A part that can become the file. */
export class PartFile implements Part, Disposable {
  readonly #partPath: string;
  readonly #partFile: Deno.FsFile;
  #partHash: Hash;
  #partSize: number;
  #entityTag: string | undefined;

  private constructor(
    path: string,
    file: Deno.FsFile,
    { hash, size, tag }: { hash: Hash; size: number; tag: string | undefined },
  ) {
    this.#partPath = path;
    this.#partFile = file;
    this.#partHash = hash;
    this.#partSize = size;
    this.#entityTag = tag;
  }

  /** Opens what has arrived of the file at `path`, perhaps nothing. */
  static async open(path: string): Promise<PartFile> {
    const file = await Deno.open(`${path}.part`, {
      read: true,
      write: true,
      create: true,
    });
    try {
      const hash = createHash("sha256");
      const size = await hashFile(file, hash);
      const tag = size > 0 ? await readTag(path) : undefined;
      return new PartFile(path, file, { hash, size, tag });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes that have arrived. */
  get size(): number {
    return this.#partSize;
  }

  /** The ETag of the file that they belong to. */
  get tag(): string | undefined {
    return this.#entityTag;
  }

  /** Forgets all that has arrived. */
  async begin(tag: string | undefined): Promise<void> {
    await writing(this.#partPath, async () => {
      if (this.#partSize > 0) {
        await this.#partFile.truncate(0);
        await this.#partFile.seek(0, Deno.SeekMode.Start);
      }
      this.#partSize = 0;
      this.#partHash = createHash("sha256");
      this.#entityTag = tag;
      const note = JSON.stringify({ tag });
      await Deno.writeTextFile(`${this.#partPath}.part.json`, note);
    });
  }

  /**
   * Writes more.
   *
   * @throws {ModelError} `ERR_MODEL_DISK` if the disk does not take it.
   */
  async append(bytes: Uint8Array): Promise<void> {
    await writing(this.#partPath, async () => {
      for (let rest = bytes; rest.length > 0;) {
        const count = await this.#partFile.write(rest);
        this.#partHash.update(rest.subarray(0, count));
        this.#partSize += count;
        rest = rest.subarray(count);
      }
    });
  }

  /** SHA-256 of all that has arrived, lower-case hex. */
  digest(): string {
    return this.#partHash.copy().digest("hex");
  }

  /** Makes it the file, at once: nobody ever sees half of one. */
  async finish(): Promise<void> {
    await writing(this.#partPath, async () => {
      await this.#partFile.syncData();
      await Deno.rename(`${this.#partPath}.part`, this.#partPath);
      await Deno.remove(`${this.#partPath}.part.json`);
    });
  }

  /** Closes it; what has arrived stays. */
  [Symbol.dispose](): void {
    this.#partFile.close();
  }
}

/** SHA-256 of a file in lower-case hex, and its bytes. */
export async function digestOf(
  path: string,
  progress: (done: number) => void = () => {},
): Promise<{ sha256: string; size: number }> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const size = await hashFile(file, hash, progress);
  return { sha256: hash.digest("hex"), size };
}

async function hashFile(
  file: Deno.FsFile,
  hash: Hash,
  progress: (done: number) => void = () => {},
): Promise<number> {
  const { size } = await file.stat();
  const piece = new Uint8Array(Math.min(HASHED_PIECE_BYTES, Math.max(1, size)));
  let done = 0;
  while (done < size) {
    const count = await file.read(piece);
    if (count === null) break;
    hash.update(piece.subarray(0, count));
    progress(done += count);
  }
  return done;
}

async function readTag(path: string): Promise<string | undefined> {
  try {
    const { tag } = JSON.parse(await Deno.readTextFile(`${path}.part.json`));
    return typeof tag === "string" ? tag : undefined;
  } catch {
    // Missing, or cut short: then it is not known what the part belongs to.
    return undefined;
  }
}
