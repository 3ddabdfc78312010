/**
 * Keys in a file, which may be exchanged while the server runs: it is read again
 * when it has changed and at SIGHUP. A file that cannot be used changes nothing.
 *
 * @module
 */

import type { Config } from "../config/settings.ts";
import { type Keys, parseKeyLines } from "../config/key_lines.ts";
import { ConfigError } from "../errors.ts";
import type { ApiKey } from "../http/access/bearer_keys.ts";
import type { StateKey } from "../state/state_keys.ts";

/** Milliseconds after which the file is looked at again. */
const PERIOD = 5000;

/** Milliseconds for which a changed file has to stay as it is. */
const SETTLE = 100;

/** Keys that change with their file. */
export class KeyFile {
  /** Always those of the file as it was read last. */
  readonly state: readonly StateKey[];
  /** Always those of the file as it was read last. */
  readonly api: readonly ApiKey[];
  readonly #keyFilePath: string;
  readonly #stateKeys: StateKey[];
  readonly #apiKeys: ApiKey[];
  #keyFileText: string;

  private constructor(path: string, text: string) {
    const { state, api } = parseKeyFile(path, text);
    this.#keyFilePath = path;
    this.#keyFileText = text;
    this.state = this.#stateKeys = [...state];
    this.api = this.#apiKeys = [...api];
  }

  /**
   * Reads a file.
   *
   * @throws {ConfigError} If it cannot be read or used.
   */
  static open(path: string): KeyFile {
    try {
      return new KeyFile(path, Deno.readTextFileSync(path));
    } catch (error) {
      throw error instanceof ConfigError
        ? error
        : unreadableKeyFile(path, error);
    }
  }

  /**
   * Reads the file again, once nobody is writing it any more.
   *
   * @returns Whether it has changed.
   * @throws {ConfigError} If it cannot be read or used; the keys are as before.
   */
  async reload(): Promise<boolean> {
    const text = await this.#keysSettled();
    if (text === this.#keyFileText) return false;
    const { state, api } = parseKeyFile(this.#keyFilePath, text);
    if (api.length === 0 && this.#apiKeys.length > 0) {
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        `Cannot use keys of ${this.#keyFilePath}: no line begins with api any more, ` +
          "which would let everybody in",
      );
    }
    this.#keyFileText = text;
    this.#stateKeys.splice(0, Infinity, ...state);
    this.#apiKeys.splice(0, Infinity, ...api);
    return true;
  }

  /**
   * Reads the file again whenever it has changed, and at SIGHUP.
   *
   * @param note Told of changes, and once of each failure.
   * @param period Milliseconds after which the file is looked at again.
   */
  follow(note: (line: string) => void, period = PERIOD): Disposable {
    let failure: string | undefined;
    let looking = false;
    const look = async () => {
      if (looking) return;
      looking = true;
      try {
        if (await this.reload()) note(this.#keysSummary);
        failure = undefined;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message !== failure) note(`${message}; the keys are as before`);
        failure = message;
      } finally {
        looking = false;
      }
    };
    const timer = setInterval(look, period);
    Deno.unrefTimer(timer);
    Deno.addSignalListener("SIGHUP", look);
    return {
      [Symbol.dispose](): void {
        clearInterval(timer);
        Deno.removeSignalListener("SIGHUP", look);
      },
    };
  }

  /**
   * The file's text. An editor that writes in place empties the file first, and the
   * first half of a file may be a list of keys as well: a change counts once two
   * readings agree.
   */
  async #keysSettled(): Promise<string> {
    let text = this.#keyFileText;
    for (;;) {
      let read;
      try {
        read = await Deno.readTextFile(this.#keyFilePath);
      } catch (error) {
        throw unreadableKeyFile(this.#keyFilePath, error);
      }
      if (read === text) return read;
      text = read;
      await new Promise((resolve) => setTimeout(resolve, SETTLE));
    }
  }

  get #keysSummary(): string {
    const seals = this.#stateKeys.map(({ kid }) => kid).join(", ");
    const callers = new Set(this.#apiKeys.map(({ name }) => name)).size;
    return `Read ${this.#keyFilePath} again: state keys ${seals}; tenants: ${callers}`;
  }
}

/**
 * The settings with the keys of their keys file, if they name one.
 *
 * @param note Told of changes of the file.
 * @throws {ConfigError} If it cannot be used, or keys are set beside it.
 */
export function followKeyFile(
  config: Config,
  note: (line: string) => void,
): Config {
  const path = config["keys-file"];
  if (path === undefined) return config;
  if (config["state-keys"] !== undefined || config["api-keys"].length > 0) {
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      "Cannot read keys: there are some in --keys-file and some in " +
        "--state-keys or --api-keys; write them all into the file",
    );
  }
  const file = KeyFile.open(path);
  file.follow(note);
  return { ...config, "state-keys": file.state, "api-keys": file.api };
}

function parseKeyFile(path: string, text: string): Keys {
  try {
    return parseKeyLines(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.message.replace(/^.*?: /, "");
    throw new ConfigError(
      "ERR_CONFIG_INVALID",
      `Cannot use keys of ${path}: ${found}`,
      { cause: error },
    );
  }
}

function unreadableKeyFile(path: string, cause: unknown): ConfigError {
  return new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read keys of ${path}: ${
      cause instanceof Error ? cause.message : cause
    }`,
    { cause },
  );
}
