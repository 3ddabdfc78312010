/**
 * Saves as files in a folder, one a name.
 *
 * @module
 */

import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import {
  formatSaveFile,
  parseSaveFile,
  type SaveFileContent,
} from "../client/save_file.ts";
import { newLabel } from "../client/passphrase.ts";
import { parseKeyLines } from "../config/key_lines.ts";
import type { Config } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import { KeyFile } from "../serve/key_file.ts";
import {
  formatKey,
  parseKeys,
  randomKey,
  type StateKey,
} from "../state/state_keys.ts";

const SAVE_SUFFIX = ".save";

/** Where saves are, unless a flag says otherwise. */
const SAVES_FOLDER = fileURLToPath(new URL("../../saves", import.meta.url));

const KEY_COMMENT = "# The key that seals the saves of this folder. A server " +
  "started with --keys-file\n# and this file opens them, and they open its.\n";

/** A save of a folder. */
export interface KeptSave extends SaveFileContent {
  /** Bytes of its token. */
  readonly bytes: number;
  /** When it was written, in milliseconds of Unix time. */
  readonly written: number;
}

/** A folder of saves. */
export class SaveFolder {
  readonly #savePath: string;

  /** Uses the folder at `path`, which need not exist yet. */
  constructor(path: string = SAVES_FOLDER) {
    this.#savePath = path;
  }

  /** Where the key is that seals its saves. */
  get keyPath(): string {
    return join(this.#savePath, "key");
  }

  /** Writes a save; whole or not at all. */
  async write(
    name: string,
    state: string,
    { past = [], partial = false, turn = {} }: Partial<SaveFileContent> = {},
  ): Promise<void> {
    const path = this.#saveFile(name);
    await Deno.mkdir(this.#savePath, { recursive: true });
    const draft = `${path}.${crypto.randomUUID()}`;
    const about = { at: Date.now(), bytes: state.length, ...turn };
    await Deno.writeTextFile(
      draft,
      `${formatSaveFile({ name, turn: about, past, partial, state })}\n`,
    );
    await Deno.rename(draft, path);
  }

  /** Reads a save; nothing if there is none of this name. */
  async read(name: string): Promise<KeptSave | undefined> {
    const path = this.#saveFile(name);
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    const content = readSave(text, path);
    const { mtime } = await Deno.stat(path);
    return {
      ...content,
      bytes: content.state.length,
      written: content.turn.at ?? mtime?.getTime() ?? 0,
    };
  }

  /** The names there are, in order. */
  async names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#savePath));
      return entries.flatMap(({ name }) =>
        name.endsWith(SAVE_SUFFIX) ? [name.slice(0, -SAVE_SUFFIX.length)] : []
      ).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /**
   * The key that seals the saves of this folder, made at the first call: else
   * no save could be loaded after its program has ended.
   */
  async key(): Promise<StateKey> {
    const found = await this.#readKey();
    if (found !== undefined) return found;
    const made = randomKey();
    await Deno.mkdir(this.#savePath, { recursive: true });
    try {
      await Deno.writeTextFile(
        this.keyPath,
        `${KEY_COMMENT}state ${formatKey(made)}\n`,
        { createNew: true, mode: 0o600 },
      );
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      return await this.#readKey() ?? made;
    }
    return made;
  }

  /**
   * How secrets are derived from passphrases for the saves of this folder; chosen at
   * the first call, and no secret itself.
   */
  async lockLabel(): Promise<string> {
    const path = join(this.#savePath, "lock");
    const found = await readIfThere(path);
    if (found !== undefined) return found.trim();
    const label = newLabel();
    await Deno.mkdir(this.#savePath, { recursive: true });
    try {
      await Deno.writeTextFile(path, `${label}\n`, { createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      return (await readIfThere(path) ?? label).trim();
    }
    return label;
  }

  async #readKey(): Promise<StateKey | undefined> {
    const text = await readIfThere(this.keyPath);
    if (text === undefined) return undefined;
    // Before 0.2 it held the key alone.
    const keys = /^\s*(state|#)/.test(text)
      ? parseKeyLines(text).state
      : parseKeys(text.trim());
    return keys[0];
  }

  #saveFile(name: string): string {
    if (!/^[\w-][\w.-]{0,63}$/.test(name)) {
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        `Cannot use ${JSON.stringify(name)} as a name: ` +
          "expected letters, digits, . _ -",
      );
    }
    return join(this.#savePath, `${name}${SAVE_SUFFIX}`);
  }
}

/** The keys of the settings, or else that of the folder. */
export async function sealingKeys(
  config: Config,
  saves: SaveFolder,
): Promise<readonly StateKey[]> {
  if (config["state-keys"] !== undefined) return config["state-keys"];
  const file = config["keys-file"];
  return file === undefined ? [await saves.key()] : KeyFile.open(file).state;
}

/**
 * A save by its name in the folder, or by the path of a file.
 *
 * @throws {ConfigError} If there is neither.
 */
export async function findSave(
  saves: SaveFolder,
  word: string,
): Promise<SaveFileContent> {
  const isPath = /[\\/]/.test(word) || /\.(save|gosling|json)$/.test(word);
  const found = isPath
    ? await readFile(word)
    : await saves.read(word) ?? await readFile(word);
  if (found !== undefined) return found;
  const names = await saves.names();
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot find a save ${word}: there is no such ${
      isPath ? "file" : "save or file"
    }; there are ${names.join(", ") || "no saves"}`,
  );
}

async function readFile(path: string): Promise<SaveFileContent | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : readSave(text, path);
}

function readSave(text: string, path: string): SaveFileContent {
  try {
    return parseSaveFile(text, path);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ConfigError("ERR_CONFIG_INVALID", cause.message, { cause });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.IsADirectory) return undefined;
    throw error;
  }
}
