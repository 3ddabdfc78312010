/**
 * Saves in a folder, one a file (`kept_file.ts`). What is over the bound goes, the save
 * unused for longest first. Several keepers may share a folder.
 *
 * Files are written behind the answers, one after the other. Until its file is there,
 * and as long as there is room, a save is found in memory; a crash before loses the
 * file and nothing else, for a history without a save is read again. A file is written
 * under another name first, so that there is never half a save.
 *
 * @module
 */

import { basename, join } from "@std/path";
import type { SavePlace } from "./history_keys.ts";
import {
  decodeKeptFile,
  draftName,
  encodeKeptFile,
  isDraftName,
  type KeptContent,
  keptFileName,
  parseKeptName,
  readKeptAbout,
  type StoredAbout,
} from "./kept_file.ts";
import { KeptIndex } from "./kept_index.ts";

/** A save, or what `--list` says of it. */
export interface StoredSave extends StoredAbout {
  readonly key: string;
  readonly bytes: number;
  /** When it was used last, in milliseconds of Unix time. */
  readonly used: number;
}

/** What a store may be given besides its folder. */
export interface SaveStoreOptions {
  /** Told of what went wrong behind an answer. */
  readonly note?: (line: string) => void;
  /** Milliseconds that a look at the folder is believed; by default, a second. */
  readonly believed?: number;
  /** In place of the file system's own. */
  readonly writeFile?: typeof Deno.writeFile;
}

/** A save in memory. */
interface RecentSave extends KeptContent {
  /** Whether it is on the disk, will be, or could not be. */
  file: "waiting" | "there" | "failed";
}

/** Characters of the user's words that a list shows. */
const SHOWN_WORDS = 60;

/** Milliseconds after which nobody writes a draft any more. */
const DRAFT_ABANDONED_MS = 3_600_000;

/** Bytes of saves that are held in memory, be they on the disk or not. */
const MOST_RECENT = 2 ** 26;

/** Parts of the bound: what is written before the folder is measured again. */
const MEASURED_PART = 1 / 32;

/** Part of the bound that is left, so that not every save makes another go. */
const LEFT_AFTER_SHRINK = 15 / 16;

/** Files that are looked at side by side. */
const FILES_ABREAST = 64;

/** A folder of saves, bounded. */
export class SaveStore {
  readonly #folder: string;
  readonly #most: number;
  readonly #note: (line: string) => void;
  readonly #believed: number;
  readonly #writeFile: typeof Deno.writeFile;
  /** Saves by key, the one used last at the end. */
  readonly #recent = new Map<string, RecentSave>();
  readonly #index = new KeptIndex();
  /** When the folder changed last, as far as it was looked at. */
  #changed: number | undefined;
  #looked = -Infinity;
  /** When files were used that do not say so yet, in milliseconds of Unix time. */
  readonly #used = new Map<string, { path: string; at: number }>();
  /** The last job on the folder, and how many there are. */
  #jobs = Promise.resolve();
  #waiting = 0;
  /** Bytes that were written since the folder was measured. */
  #written = Infinity;

  /**
   * Uses a folder, which need not exist yet.
   *
   * @param most Bytes of all saves.
   */
  constructor(
    folder: string,
    most: number,
    {
      note = () => {},
      believed = 1000,
      writeFile = Deno.writeFile,
    }: SaveStoreOptions = {},
  ) {
    this.#folder = folder;
    this.#most = most;
    this.#note = note;
    this.#believed = believed;
    this.#writeFile = writeFile;
  }

  /**
   * Looks at the folder if it has changed, as another keeper changes it. While this
   * one writes, it does not look: what it misses is read again by the model.
   */
  async refresh(): Promise<void> {
    if (this.#index.filled) {
      const now = performance.now();
      if (this.#waiting > 0 || now - this.#looked < this.#believed) return;
      this.#looked = now;
      const changed = await this.#lastChange();
      if (changed === this.#changed || this.#waiting > 0) return;
    }
    await this.#later(() => this.#look());
  }

  /** The state at a place, and what is known of it; nothing if there is none. */
  async read(
    { key }: Pick<SavePlace, "key">,
  ): Promise<KeptContent | undefined> {
    const recent = this.#recent.get(key);
    if (recent !== undefined) {
      this.#use(key, recent);
      return recent;
    }
    if (!this.#index.has(key)) return undefined;
    const path = this.#path(key, this.#index.lengthOf(key));
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(path);
    } catch (error) {
      this.#forget(key);
      if (!(error instanceof Deno.errors.NotFound)) {
        this.#note(`Cannot read the save ${path}: ${error}`);
      }
      return undefined;
    }
    try {
      const found: RecentSave = { ...decodeKeptFile(bytes), file: "there" };
      this.#use(key, found);
      return found;
    } catch (error) {
      this.#note(`Cannot use the save ${path}, which goes: ${error}`);
      this.remove({ key });
      return undefined;
    }
  }

  /**
   * Keeps a state. It is found from now on; its file is written behind, unless so many
   * wait already that it has to be waited for.
   */
  async write(key: string, state: string, about: StoredAbout): Promise<void> {
    const words = about.words.replaceAll(/\s+/g, " ").slice(0, SHOWN_WORDS);
    const save: RecentSave = {
      state,
      about: { ...about, words },
      file: "waiting",
    };
    this.#remember(key, save);
    this.#index.add({ key, length: about.length });
    void this.#later(() => this.#put(key, save));
    let bytes = 0;
    for (const { state, file } of this.#recent.values()) {
      if (file === "waiting") bytes += state.length;
    }
    if (bytes > MOST_RECENT) await this.#jobs;
  }

  /** Drops a save. */
  remove({ key }: Pick<SavePlace, "key">): void {
    const length = this.#index.lengthOf(key);
    this.#forget(key);
    void this.#later(async () => {
      // Kept again in the meantime, it is written after this.
      await Deno.remove(this.#path(key, length)).catch(() => {});
    });
  }

  /** Keys of saves of texts, by the texts' lengths. */
  get texts(): ReadonlyMap<number, ReadonlySet<string>> {
    return this.#index.texts;
  }

  /** Waits until all that is kept is on the disk; what could not be is tried again. */
  async flush(): Promise<void> {
    for (const [key, save] of this.#recent) {
      if (save.file === "failed") void this.#later(() => this.#put(key, save));
    }
    void this.#later(() => this.#touch());
    await this.#jobs;
  }

  /** All saves, the newest first. */
  async list(): Promise<StoredSave[]> {
    await this.flush();
    const names = (await this.#names()).filter(parseKeptName);
    const found = await abreast(names, async (name) => {
      const path = join(this.#folder, name);
      try {
        const { size: bytes, mtime } = await Deno.stat(path);
        const about = await readKeptAbout(path);
        const key = basename(name, ".save");
        return [{ ...about, key, bytes, used: mtime?.getTime() ?? 0 }];
      } catch {
        // It went while it was looked at, or is none of these.
        return [];
      }
    });
    return found.flat().sort((a, b) => b.used - a.used);
  }

  /** Does something with the folder, after all that is to be done before. */
  async #later(job: () => Promise<void>): Promise<void> {
    this.#waiting++;
    this.#jobs = this.#jobs.then(job).catch((error) => {
      this.#note(`Cannot use ${this.#folder}: ${error}`);
    }).finally(() => this.#waiting--);
    await this.#jobs;
  }

  /** Holds a save in memory, and lets go of those unused for longest. */
  #remember(key: string, save: RecentSave): void {
    this.#recent.delete(key);
    this.#recent.set(key, save);
    let bytes = 0;
    for (const { state } of this.#recent.values()) bytes += state.length;
    for (const [old, { state, file }] of this.#recent) {
      if (bytes <= MOST_RECENT) break;
      if (file === "waiting" || old === key) continue;
      bytes -= state.length;
      this.#recent.delete(old);
      if (file === "failed") this.#forget(old);
    }
  }

  #forget(key: string): void {
    this.#recent.delete(key);
    this.#index.delete(key);
  }

  #use(key: string, save: RecentSave): void {
    this.#remember(key, save);
    const path = this.#path(key, save.about.length);
    this.#used.set(key, { path, at: Date.now() });
  }

  /** Says on the disk what was used, which tells what goes first. */
  async #touch(): Promise<void> {
    const used = [...this.#used.values()];
    this.#used.clear();
    await abreast(used, async ({ path, at }) => {
      // It has gone, or whoever may read here may not write.
      await Deno.utime(path, at / 1000, at / 1000).catch(() => {});
    });
  }

  /** Writes a save, whole or not at all. */
  async #put(key: string, save: RecentSave): Promise<void> {
    // Dropped, or kept anew, before its turn came.
    if (this.#recent.get(key) !== save) return;
    const path = this.#path(key, save.about.length);
    const draft = draftName(path);
    try {
      const bytes = encodeKeptFile(save);
      const write = async () =>
        await this.#writeFile(draft, bytes, { mode: 0o600 });
      await write().catch(async (error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
        await write();
      });
      await Deno.rename(draft, path);
      save.file = "there";
      this.#written += bytes.length;
    } catch (error) {
      save.file = "failed";
      await Deno.remove(draft).catch(() => {});
      this.#note(
        `Cannot write a save to ${this.#folder}, and holds it in memory: ` +
          `${error}`,
      );
      return;
    }
    if (this.#written > this.#most * MEASURED_PART) await this.#shrink();
    this.#changed = await this.#lastChange();
  }

  /** Reads the names in the folder. */
  async #look(): Promise<void> {
    this.#changed = await this.#lastChange();
    const names = await this.#names();
    this.#index.fill(names.flatMap((name) => parseKeptName(name) ?? []));
    for (const [key, { about: { length }, file }] of this.#recent) {
      if (file === "there" && !this.#index.has(key)) this.#recent.delete(key);
      else this.#index.add({ key, length });
    }
  }

  /** When a name in the folder came or went, in milliseconds of Unix time. */
  async #lastChange(): Promise<number | undefined> {
    try {
      return (await Deno.stat(this.#folder)).mtime?.getTime();
    } catch {
      return undefined;
    }
  }

  #path(key: string, length: number | undefined): string {
    return join(this.#folder, keptFileName({ key, length }));
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#folder));
      return entries.map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Measures the folder; lets the oldest saves go where they are too many. */
  async #shrink(): Promise<void> {
    await this.#touch();
    const names = (await this.#names()).filter((name) =>
      parseKeptName(name) !== undefined || isDraftName(name)
    );
    const stats = await abreast(names, async (name) => {
      const info = await Deno.stat(join(this.#folder, name)).catch(() => {});
      const { size = 0, mtime } = info ?? {};
      return { name, size, used: mtime?.getTime() ?? 0 };
    });
    this.#written = 0;
    const files: typeof stats = [];
    for (const file of stats) {
      if (!isDraftName(file.name)) files.push(file);
      else if (Date.now() - file.used > DRAFT_ABANDONED_MS) {
        await this.#drop(file.name);
      }
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    if (total <= this.#most) return;
    // The newest stays, however large it is: the next turn goes on from it.
    const oldest = files.sort((a, b) => a.used - b.used).slice(0, -1);
    for (const { name, size } of oldest) {
      if (total <= this.#most * LEFT_AFTER_SHRINK) break;
      await this.#drop(name);
      total -= size;
    }
  }

  async #drop(name: string): Promise<void> {
    const { key } = parseKeptName(name) ?? {};
    if (key !== undefined && this.#recent.get(key)?.file !== "waiting") {
      this.#forget(key);
    }
    await Deno.remove(join(this.#folder, name)).catch(() => {});
  }
}

/** Does something with each of many, a few at a time. */
async function abreast<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += FILES_ABREAST) {
    done.push(
      ...await Promise.all(all.slice(at, at + FILES_ABREAST).map(work)),
    );
  }
  return done;
}
