/**
 * Packed weights beside the model they were made from: `model.safetensors` keeps
 * its int8 matrices for the wasm device in `model.safetensors.wasm-int8.cache`.
 *
 * @module
 */

import { basename, dirname } from "@std/path";
import { fileSource } from "../model/file_source.ts";
import type { LocalModel } from "./model_files.ts";
import { checksum } from "../model/packed/checksum.ts";
import type { PackedPieces } from "../model/packed/packed_pieces.ts";
import {
  CacheError,
  type CacheKey,
  type Footer,
  footerBytes,
  QuantizedCache,
} from "../model/packed/quantized_cache.ts";

/** A source written this shortly before it is read may be written again. */
const SETTLED_MS = 2000;

/** Where packed weights are kept, and what they are made from. */
export interface CachePlace {
  /** The file. */
  readonly path: string;
  /** What decides its content. */
  readonly key: CacheKey;
}

/** The place of a model's packed weights. */
export function cachePlace(
  { weights, vocabulary }: LocalModel,
  how: { readonly packing: string; readonly quantization: string },
): CachePlace {
  const sources = vocabulary ? [...weights, vocabulary] : weights;
  const [device] = how.packing.split(" ");
  return {
    path: `${weights[0].name}.${device}-${how.quantization}.cache`,
    key: {
      ...how,
      sources: sources.map(({ name, size, modified }) => ({
        name: basename(name),
        size,
        modified,
      })),
    },
  };
}

/** An open cache. */
export interface OpenCache extends AsyncDisposable {
  /** What it holds. */
  readonly cache: QuantizedCache;
}

/**
 * Opens what an earlier load kept; nothing if there is no such file.
 *
 * @throws {CacheError} If it is damaged or was made from something else.
 */
export async function openCache(
  { path, key }: CachePlace,
): Promise<OpenCache | undefined> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new CacheError(`${path} cannot be read`, { cause: error });
  }
  await using stack = new AsyncDisposableStack();
  const source = stack.use(
    await fileSource(path).catch((cause) => {
      throw new CacheError(`${path} cannot be read`, { cause });
    }),
  );
  const cache = await QuantizedCache.open(source, key);
  const opened = stack.move();
  return { cache, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Keeps pieces as they are made. */
export interface CacheWriter extends PackedPieces {
  /** Puts the file in its place: whole, or not at all. */
  commit(fingerprint: Uint8Array): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/**
 * Starts a file. Trouble with writing is noted once and never fails a load.
 *
 * @param note Told why nothing will be kept.
 * @returns Nothing where nothing can be kept.
 */
export async function createCache(
  { path, key }: CachePlace,
  note: (line: string) => void,
): Promise<CacheWriter | undefined> {
  const folder = dirname(path);
  const refuse = (reason: string) =>
    note(`Packed weights are not kept for the next start: ${reason}`);
  const { state } = await Deno.permissions.query({
    name: "write",
    path: folder,
  });
  if (state !== "granted") {
    refuse(`writing to ${folder} needs --allow-write=${folder}`);
    return undefined;
  }
  const newest = Math.max(...key.sources.map(({ modified }) => modified));
  if (newest > Date.now() - SETTLED_MS) {
    refuse("the model has only just been written");
    return undefined;
  }
  // Beside the target, so that renaming stays inside one file system.
  const draft = `${path}.${crypto.randomUUID()}`;
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(draft, { createNew: true, write: true });
  } catch (error) {
    refuse(writeFailure(error));
    return undefined;
  }
  const pieces: Footer["pieces"] = [];
  const discard = async () => {
    file?.close();
    file = undefined;
    await Deno.remove(draft).catch(() => {});
  };
  const attempt = async (work: (file: Deno.FsFile) => Promise<void>) => {
    if (file === undefined) return;
    try {
      await work(file);
    } catch (error) {
      await discard();
      refuse(writeFailure(error));
    }
  };
  const keep = (bytes: Uint8Array) =>
    attempt(async (file) => {
      await writeAll(file, bytes);
      pieces.push({ size: bytes.length, checksum: checksum(bytes) });
    });
  // Pieces may be asked for before the one before is kept.
  let last: Promise<void> = Promise.resolve();
  return {
    async piece(size, pack): Promise<Uint8Array<ArrayBuffer>> {
      const bytes = await pack();
      if (bytes.length !== size) {
        throw new RangeError(
          `Cannot keep a piece: ${bytes.length} bytes, expected ${size}`,
        );
      }
      await keep(bytes);
      return bytes;
    },
    fill(target, pack): Promise<void> {
      return last = last.then(async () => {
        await pack();
        await keep(target);
      });
    },
    commit: (fingerprint) =>
      attempt(async (open) => {
        await writeAll(open, await footerBytes({ key, fingerprint, pieces }));
        await open.sync();
        open.close();
        file = undefined;
        await Deno.rename(draft, path);
      }),
    discard,
  };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += await file.write(bytes.subarray(done));
  }
}

function writeFailure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
