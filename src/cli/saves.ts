/**
 * Saves as files in a folder, one a name.
 *
 * @module
 */

import { join } from "@std/path";
import { ConfigError } from "../errors.ts";
import {
  formatKey,
  parseKeys,
  randomKey,
  type StateKey,
} from "../state/keys.ts";

const SUFFIX = ".save";

/** A folder of saves. */
export class SaveFolder {
  readonly #path: string;

  /** Uses the folder at `path`, which need not exist yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Writes a save; whole or not at all. */
  async write(name: string, save: string): Promise<void> {
    const path = this.#file(name);
    await Deno.mkdir(this.#path, { recursive: true });
    const draft = `${path}.${crypto.randomUUID()}`;
    await Deno.writeTextFile(draft, save);
    await Deno.rename(draft, path);
  }

  /** Reads a save; nothing if there is none of this name. */
  async read(name: string): Promise<string | undefined> {
    return await readIfThere(this.#file(name));
  }

  /** The names there are, in order. */
  async names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#path));
      return entries.flatMap(({ name }) =>
        name.endsWith(SUFFIX) ? [name.slice(0, -SUFFIX.length)] : []
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
    const path = join(this.#path, "key");
    const found = await readIfThere(path);
    const [key] = found === undefined ? [] : parseKeys(found);
    if (key !== undefined) return key;
    const made = randomKey();
    await Deno.mkdir(this.#path, { recursive: true });
    await Deno.writeTextFile(path, formatKey(made), {
      createNew: true,
      mode: 0o600,
    });
    return made;
  }

  #file(name: string): string {
    if (!/^[\w-][\w.-]{0,63}$/.test(name)) {
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        `Cannot use ${JSON.stringify(name)} as a name: ` +
          "expected letters, digits, . _ -",
      );
    }
    return join(this.#path, `${name}${SUFFIX}`);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
