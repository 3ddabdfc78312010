/**
 * Saves in a folder, one a file: a line of JSON about it, and the token as bytes. What
 * is over the bound goes, the save unused for longest first. Several keepers may
 * share a folder, for nothing of it is kept in memory but its size.
 *
 * @module
 */

import { join } from "@std/path";
import {
  isSealedBytes,
  sealedBytes,
  sealedText,
  splitSealedBytes,
  splitSealedText,
} from "../../state/token_envelope.ts";
import {
  isPortableText,
  portableBytes,
  portableText,
} from "../../state/portable_token.ts";
import type { SavePlace } from "./history_keys.ts";

/** What is known of a save. */
export interface StoredAbout {
  /** The server that made it. */
  readonly server: string;
  readonly model: string;
  /** Messages before it. */
  readonly turns: number;
  /** The user's newest words. */
  readonly words: string;
  /** Length of its text before white space, where histories are texts. */
  readonly length?: number;
  /** That white space. */
  readonly space?: string;
}

/** A save, or what `--list` says of it. */
export interface StoredSave extends StoredAbout {
  readonly key: string;
  readonly bytes: number;
  /** When it was used last, in milliseconds of Unix time. */
  readonly used: number;
}

const SUFFIX = ".save";

/** Characters of the user's words that a list shows. */
const WORDS = 60;

/** A save of a text has its length in its name: `KEY-LENGTH.save`. */
const NAME = /^([\da-f]{64})(?:-(\d+))?\.save$/;

/** A folder of saves, bounded. */
export class SaveStore {
  readonly #folder: string;
  readonly #most: number;
  #total: number | undefined;

  /**
   * Uses a folder, which need not exist yet.
   *
   * @param most Bytes of all saves.
   */
  constructor(folder: string, most: number) {
    this.#folder = folder;
    this.#most = most;
  }

  /** The state at a place, and what is known of it; nothing if there is none. */
  async read(
    { key, known }: SavePlace,
  ): Promise<
    { readonly state: string; readonly about: StoredAbout } | undefined
  > {
    for (const path of [this.#path(key), this.#path(key, known)]) {
      const bytes = await readIfThere(path);
      const end = bytes?.indexOf(0x0a) ?? -1;
      if (bytes === undefined || end < 0) continue;
      const now = new Date();
      await Deno.utime(path, now, now).catch(() => {});
      return {
        state: textOf(bytes.subarray(end + 1)),
        about: JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))),
      };
    }
    return undefined;
  }

  /** Keeps a state; whole or not at all. */
  async write(key: string, state: string, about: StoredAbout): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const words = about.words.replaceAll(/\s+/g, " ").slice(0, WORDS);
    const line = new TextEncoder().encode(
      `${JSON.stringify({ ...about, words })}\n`,
    );
    const token = bytesOf(state);
    const bytes = new Uint8Array(line.length + token.length);
    bytes.set(line);
    bytes.set(token, line.length);
    const path = this.#path(key, about.length);
    const draft = `${path}.${crypto.randomUUID()}`;
    await Deno.writeFile(draft, bytes, { mode: 0o600 });
    await Deno.rename(draft, path);
    this.#total = (this.#total ?? await this.#measure()) + bytes.length;
    if (this.#total > this.#most) await this.#shrink();
  }

  /** Drops a save. */
  async remove({ key, known }: SavePlace): Promise<void> {
    for (const path of [this.#path(key), this.#path(key, known)]) {
      await Deno.remove(path).catch(() => {});
    }
  }

  /** Places in texts, of all that are kept. */
  async texts(): Promise<SavePlace[]> {
    const names = await this.#names();
    return names.flatMap((name) => {
      const [, key = "", length] = NAME.exec(name) ?? [];
      return length === undefined ? [] : [{ key, known: Number(length) }];
    });
  }

  /** All saves, the newest first. */
  async list(): Promise<StoredSave[]> {
    const found = await Promise.all((await this.#names()).map(async (name) => {
      const path = join(this.#folder, name);
      try {
        const { size: bytes, mtime } = await Deno.stat(path);
        const about = JSON.parse(await firstLine(path)) as StoredAbout;
        const key = name.slice(0, -SUFFIX.length);
        return [{ ...about, key, bytes, used: mtime?.getTime() ?? 0 }];
      } catch {
        // It went while it was looked at, or is none of these.
        return [];
      }
    }));
    return found.flat().sort((a, b) => b.used - a.used);
  }

  #path(key: string, length?: number): string {
    const name = length === undefined ? key : `${key}-${length}`;
    return join(this.#folder, name + SUFFIX);
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#folder));
      return entries.map(({ name }) => name).filter((name) => NAME.test(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  async #files(): Promise<{ path: string; size: number; used: number }[]> {
    const found = await Promise.all((await this.#names()).map(async (name) => {
      const path = join(this.#folder, name);
      const info = await Deno.stat(path).catch(() => undefined);
      if (info === undefined) return [];
      return [{ path, size: info.size, used: info.mtime?.getTime() ?? 0 }];
    }));
    return found.flat();
  }

  async #measure(): Promise<number> {
    const files = await this.#files();
    return files.reduce((sum, { size }) => sum + size, 0);
  }

  async #shrink(): Promise<void> {
    const files = await this.#files();
    let total = files.reduce((sum, { size }) => sum + size, 0);
    // The newest stays, however large it is: the next turn goes on from it.
    for (
      const { path, size } of files.sort((a, b) => a.used - b.used).slice(0, -1)
    ) {
      if (total <= this.#most) break;
      await Deno.remove(path).catch(() => {});
      total -= size;
    }
    this.#total = total;
  }
}

async function readIfThere(
  path: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The line at the start of a file, which is short. */
async function firstLine(path: string): Promise<string> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(4096);
  const length = await file.read(bytes) ?? 0;
  const text = new TextDecoder().decode(bytes.subarray(0, length));
  return text.slice(0, text.indexOf("\n"));
}

function bytesOf(state: string): Uint8Array {
  return isPortableText(state)
    ? portableBytes(state)
    : sealedBytes(splitSealedText(state));
}

function textOf(bytes: Uint8Array<ArrayBuffer>): string {
  return isSealedBytes(bytes)
    ? sealedText(splitSealedBytes(bytes))
    : portableText(bytes);
}
