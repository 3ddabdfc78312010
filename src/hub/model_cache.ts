/**
 * The folder of models that were pulled. Each has a folder of its own with its
 * files and `model.json`, which says where they came from and is written last: a
 * folder without one is a download that has not ended.
 *
 * @module
 */

import { join } from "@std/path";
import { z } from "zod";
import { ConfigError, ModelError } from "../errors.ts";
import { writing } from "./disk_refusal.ts";
import { newestOfficial, officialSize } from "./official_models.ts";

const Manifest = z.object({
  version: z.literal(1),
  source: z.string(),
  pulled: z.string(),
  files: z.array(z.object({
    name: z.string().regex(/^\w[\w. +-]*$/),
    url: z.string(),
    size: z.int().min(0),
    sha256: z.string().regex(/^[\da-f]{64}$/),
    checked: z.boolean(),
  })).min(1),
});

/** Where a model's files came from and what they are. */
export type Manifest = z.output<typeof Manifest>;

/** A file of a model. */
export type ManifestFile = Manifest["files"][number];

/** A model in the folder. */
export interface CachedModel {
  /** What it is called. */
  readonly id: string;
  /** Its folder. */
  readonly path: string;
  /** What is in it; absent while it is not whole. */
  readonly manifest?: Manifest;
}

/** Milliseconds after which a wait is worth a word. */
const NOTICEABLE = 500;

/** The name of a model: one folder, on every system. */
const MODEL_NAME = /^\w[\w.+-]{0,127}$/;

/** The models on this machine. */
export class ModelCache {
  /** The folder. */
  readonly folder: string;

  /** Takes a folder, which need not be there. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** Every model, by name. */
  async list(): Promise<CachedModel[]> {
    const models: CachedModel[] = [];
    try {
      for await (const { name, isDirectory } of Deno.readDir(this.folder)) {
        if (isDirectory && MODEL_NAME.test(name)) {
          models.push(await this.read(name));
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return models.sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** A model, whether it is there or not. */
  async read(id: string): Promise<CachedModel> {
    const path = this.pathOf(id);
    try {
      const text = await Deno.readTextFile(join(path, "model.json"));
      return { id, path, manifest: Manifest.parse(JSON.parse(text)) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { id, path };
      throw new ModelError(
        "ERR_MODEL_CORRUPT",
        `Cannot read ${join(path, "model.json")}: it is damaged; pull it again`,
        { cause: error },
      );
    }
  }

  /**
   * A model by its name, or by an official size: then the newest one there.
   *
   * @throws {ModelError} `ERR_MODEL_NOT_FOUND`, with the names that are there.
   */
  async find(name: string): Promise<CachedModel & { manifest: Manifest }> {
    const models = (await this.list()).flatMap(({ manifest, ...model }) =>
      manifest ? [{ ...model, manifest }] : []
    );
    const names = models.map(({ id }) => id);
    const size = officialSize(name);
    const id = size === undefined ? name : newestOfficial(names, size);
    const found = models.find((model) => model.id === id);
    if (found !== undefined) return found;
    throw new ModelError(
      "ERR_MODEL_NOT_FOUND",
      `Cannot find a model ${name}: ${this.folder} has ` +
        `${names.join(", ") || "none"}; deno task model pull fetches more`,
    );
  }

  /** Writes what makes a model whole. */
  async write(id: string, manifest: Manifest): Promise<void> {
    const path = join(this.pathOf(id), "model.json");
    await writing(path, async () => {
      const text = JSON.stringify(Manifest.parse(manifest), null, 2);
      await Deno.writeTextFile(`${path}.part`, `${text}\n`);
      await Deno.rename(`${path}.part`, path);
    });
  }

  /** Removes a model, or what was pulled of one. */
  async remove(id: string): Promise<void> {
    await using _ = await this.lock(id, () => {});
    try {
      await Deno.remove(this.pathOf(id), { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new ModelError(
        "ERR_MODEL_NOT_FOUND",
        `Cannot remove ${id}: ${this.folder} has no such model`,
        { cause: error },
      );
    }
  }

  /**
   * Keeps others from changing a model until it is disposed; waits for them.
   *
   * @param waiting Told once if that takes a moment.
   */
  async lock(id: string, waiting: () => void): Promise<AsyncDisposable> {
    this.pathOf(id);
    const folder = join(this.folder, ".locks");
    // Never removed: a process that waits holds the same file as one that comes later.
    const file = await writing(folder, async () => {
      await Deno.mkdir(folder, { recursive: true });
      return await Deno.open(join(folder, id), { write: true, create: true });
    });
    const timer = setTimeout(waiting, NOTICEABLE);
    try {
      await file.lock(true);
    } catch (error) {
      file.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return {
      async [Symbol.asyncDispose](): Promise<void> {
        await file.unlock();
        file.close();
      },
    };
  }

  /**
   * The folder of a model.
   *
   * @throws {ConfigError} If that is no name.
   */
  pathOf(id: string): string {
    if (MODEL_NAME.test(id)) return join(this.folder, id);
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot call a model ${JSON.stringify(id)}: a name has letters, digits ` +
        "and . _ + -, at most 128",
    );
  }
}
