/**
 * A hub on loopback and a cache in a folder of its own, for tests of pulls.
 *
 * @module
 */

import { join } from "@std/path";
import { createHash } from "node:crypto";
import { ModelCache } from "../../src/hub/model_cache.ts";
import type { PullOptions } from "../../src/hub/pull_model.ts";
import { NETWORK } from "../../src/hub/fetch_retry.ts";
import { type FileServer, fileServer } from "./file_server.ts";

/** A file, and another one of the same length. */
export const BYTES = Uint8Array.from(
  { length: 50_000 },
  (_, i) => i * 3 + (i >> 8),
);
export const OTHER = BYTES.map((byte) => byte ^ 85);
/** The official repository. */
export const REPOSITORY = "BlinkDL/rwkv7-g1";

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A hub with one repository, a cache, and what it takes to pull. */
export interface Scene extends AsyncDisposable {
  readonly server: FileServer;
  readonly cache: ModelCache;
  readonly notes: string[];
  readonly options: PullOptions;
  /** Puts a file into a repository. */
  put(path: string, bytes: Uint8Array<ArrayBuffer>, repository?: string): void;
  /** Requests for the contents of files. */
  fetched(): (string | null)[];
}

/** Sets the scene. */
export async function scene(): Promise<Scene> {
  const server = fileServer();
  const folder = await Deno.makeTempDir();
  const cache = new ModelCache(join(folder, "models"));
  const notes: string[] = [];
  const listings = new Map<string, object[]>();
  server.instead = (request) => {
    const [, repository] = /^\/api\/models\/(.+)\/tree\/main$/
      .exec(new URL(request.url).pathname) ?? [];
    if (repository === undefined) return undefined;
    const listing = listings.get(repository);
    return listing ? Response.json(listing) : new Response("", { status: 404 });
  };
  return {
    server,
    cache,
    notes,
    options: {
      hub: { endpoint: server.url },
      transport: { ...NETWORK, wait: () => Promise.resolve(), tries: 3 },
      vocabulary: new URL("/vocabulary.txt", server.url),
      note: (line) => notes.push(line),
      bar: () =>
        Promise.resolve({ update: () => {}, [Symbol.dispose]: () => {} }),
    },
    put(path, bytes, repository = REPOSITORY): void {
      const listing = listings.get(repository) ?? [];
      listings.set(repository, listing);
      const lfs = { oid: sha256(bytes), size: bytes.length };
      listing.push({ type: "file", path, size: 130, lfs });
      const etag = `"${lfs.oid}"`;
      server.files.set(`/${repository}/resolve/main/${path}`, { bytes, etag });
    },
    fetched: () =>
      server.log.filter(({ path }) => !path.startsWith("/api/"))
        .map(({ path, range }) => range ?? path),
    async [Symbol.asyncDispose](): Promise<void> {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
