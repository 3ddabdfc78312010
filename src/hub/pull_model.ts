/**
 * Fetches a model's files into the cache.
 *
 * @module
 */

import { join } from "@std/path";
import { statfs } from "node:fs/promises";
import { ConfigError, ModelError } from "../errors.ts";
import { download } from "./download_file.ts";
import type { RemoteFile } from "./hugging_face.ts";
import type { Reference } from "./model_reference.ts";
import { plain } from "./fetch_retry.ts";
import type { ManifestFile, ModelCache } from "./model_cache.ts";
import type { DownloadBar } from "./download_bar.ts";
import { formatBytes } from "../text/format_units.ts";
import { writing } from "./disk_refusal.ts";
import { digestOf, PartFile } from "./part_file.ts";
import { type Plan, type PlanOptions, planPull } from "./download_plan.ts";

/** What a pull depends on. */
export interface PullOptions extends PlanOptions {
  /** What to call the model, if not after its file. */
  readonly as?: string;
  /** Told what happens, line by line. */
  readonly note: (line: string) => void;
  /** Shows how far a file has come. */
  readonly bar: (name: string) => Promise<DownloadBar>;
}

/**
 * Fetches a model, or what is missing of it.
 *
 * @returns Its name in the cache.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if a file is not there to be had,
 * `ERR_MODEL_NETWORK` if it cannot be fetched, `ERR_MODEL_DISK` if it cannot be
 * written, `ERR_MODEL_CHECKSUM` if it is not the one published.
 */
export async function pull(
  cache: ModelCache,
  reference: Reference,
  options: PullOptions,
): Promise<string> {
  const { as, note } = options;
  const planned = await planPull(reference, options);
  const plan = as === undefined ? planned : { ...planned, id: as };
  const folder = cache.pathOf(plan.id);
  await using _ = await cache.lock(
    plan.id,
    () => note(`Waiting for another pull of ${plan.id}`),
  );
  await writing(folder, () => Deno.mkdir(folder, { recursive: true }));
  const { manifest } = await cache.read(plan.id);
  expectSource(plan, manifest?.source);
  const files: ManifestFile[] = [];
  const missing: RemoteFile[] = [];
  for (const file of plan.files) {
    const held = manifest?.files.find(({ name }) => name === file.name);
    const found = await present(join(folder, file.name), file, held) ??
      await linkedFile(cache, join(folder, file.name), file);
    if (found === undefined) missing.push(file);
    else files.push(found);
  }
  if (missing.length === 0 && manifest !== undefined) return plan.id;
  await expectSpace(folder, missing);
  for (const file of missing) {
    files.push(await fetchFile(join(folder, file.name), file, options));
  }
  await cache.write(plan.id, {
    version: 1,
    source: plan.source,
    pulled: new Date().toISOString(),
    files,
  });
  return plan.id;
}

/** The file at `path`, if it is what `file` says. */
async function present(
  path: string,
  file: RemoteFile,
  held: ManifestFile | undefined,
): Promise<ManifestFile | undefined> {
  const { size } = await statDownloaded(path);
  if (size === undefined || size !== (file.size ?? held?.size)) {
    return undefined;
  }
  // What was checked when it came need not be read again: `verify` does that.
  const sha256 = held?.sha256 ?? (await digestOf(path)).sha256;
  if (sha256 !== (file.sha256 ?? held?.sha256)) return undefined;
  return describedFile(file, size, sha256);
}

/** The file from another model in the cache, as the vocabulary often is there. */
async function linkedFile(
  cache: ModelCache,
  path: string,
  file: RemoteFile,
): Promise<ManifestFile | undefined> {
  if (file.sha256 === undefined) return undefined;
  for (const { path: folder, manifest } of await cache.list()) {
    const other = manifest?.files.find(({ sha256 }) => sha256 === file.sha256);
    if (other === undefined || join(folder, other.name) === path) continue;
    try {
      const { sha256, size } = await digestOf(join(folder, other.name));
      if (sha256 !== file.sha256) continue;
      await Deno.link(join(folder, other.name), path);
      return describedFile(file, size, sha256);
    } catch (error) {
      // No such file any more, or a file system without links: it is fetched.
      if (!(error instanceof Error)) throw error;
    }
  }
  return undefined;
}

async function fetchFile(
  path: string,
  file: RemoteFile,
  { transport, note, bar }: PullOptions,
): Promise<ManifestFile> {
  using part = await writing(path, () => PartFile.open(path));
  let resumed = part.size > 0;
  if (resumed) note(`Going on with ${file.name} at ${formatBytes(part.size)}`);
  for (;;) {
    using shown = await bar(file.name);
    await download(file, part, transport, shown.update);
    const sha256 = part.digest();
    if (file.sha256 === undefined || file.sha256 === sha256) {
      await part.finish();
      return describedFile(file, part.size, sha256);
    }
    await part.begin(undefined);
    // Bytes of an earlier day may be to blame: those of one go are a verdict.
    if (!resumed) throw mismatch(file, sha256);
    note(`What was there of ${file.name} does not fit; fetching all of it`);
    resumed = false;
  }
}

function describedFile(
  { name, url, sha256: expected }: RemoteFile,
  size: number,
  sha256: string,
): ManifestFile {
  return { name, url: plain(url), size, sha256, checked: expected === sha256 };
}

function mismatch({ url, sha256 }: RemoteFile, found: string): ModelError {
  return new ModelError(
    "ERR_MODEL_CHECKSUM",
    `Cannot use ${plain(url)}: its SHA-256 is ${found}, expected ${sha256}; ` +
      "it was thrown away",
  );
}

function expectSource({ id, source }: Plan, held: string | undefined): void {
  if (held === undefined || held === source) return;
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot pull ${source}: ${id} is already there, from ${held}. Choose ` +
      "another name with --as NAME",
  );
}

async function expectSpace(
  folder: string,
  files: readonly RemoteFile[],
): Promise<void> {
  let needed = 0;
  for (const { name, size } of files) {
    const part = await statDownloaded(join(folder, `${name}.part`));
    needed += Math.max(0, (size ?? 0) - (part.size ?? 0));
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (needed <= free) return;
  throw new ModelError(
    "ERR_MODEL_DISK",
    `Cannot pull into ${folder}: ${formatBytes(needed)} are missing and ` +
      `${
        formatBytes(free)
      } are free; make room, or choose another folder with ` +
      "GOSLING_MODELS",
  );
}

async function statDownloaded(path: string): Promise<{ size?: number }> {
  try {
    const { size, isFile } = await Deno.stat(path);
    return isFile ? { size } : {};
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return {};
  }
}
