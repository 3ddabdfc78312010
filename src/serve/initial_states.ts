/**
 * The states that a text may begin with instead of a blank one: files that the
 * operator names, read once at the start.
 *
 * @module
 */

import { parseSaveFile } from "../client/save_file.ts";
import type { InitialFile } from "../config/setting_parsers.ts";
import { type CodeOf, ConfigError, StateError } from "../errors.ts";
import type { ModelShape } from "../model/shape.ts";
import { decodeSave } from "../state/save_format.ts";
import {
  isPortableBytes,
  isPortableText,
  openPortable,
  openPortableText,
} from "../state/portable_token.ts";
import type { Save, SaveFormat } from "../state/save.ts";
import type { Vault } from "../state/vault.ts";
import {
  importState,
  type StateLayout,
} from "../state/foreign/convert_state.ts";

/** What the files are read for. */
export interface InitialOptions {
  /** The model that goes on from them. */
  readonly format: SaveFormat;
  /** Its sizes. */
  readonly shape: ModelShape;
  /** Opens sealed files. */
  readonly vault: Pick<Vault, "open">;
  /** Tenants for whom a sealed file may have been sealed. */
  readonly tenants: readonly string[];
  /** Whether files may be for another model, and are left out then. */
  readonly several?: boolean;
}

/**
 * Reads the files, each a save (sealed under a key of this server, or portable)
 * or another engine's state.
 *
 * @throws {ConfigError} Naming the one that cannot be used, and why.
 */
export async function readInitialStates(
  files: readonly InitialFile[],
  options: InitialOptions,
): Promise<ReadonlyMap<string, Save>> {
  const saves = new Map<string, Save>();
  for (const file of files) {
    try {
      const save = await readInitialState(file, options);
      if (save !== undefined) saves.set(file.name, save);
    } catch (cause) {
      if (options.several && isState(cause, "ERR_STATE_MISMATCH")) continue;
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        `Cannot begin with ${file.name} from ${file.path}: ${
          reasonOfFailure(cause)
        }`,
        { cause },
      );
    }
  }
  return saves;
}

function isState(error: unknown, code: CodeOf<"STATE">): boolean {
  return error instanceof StateError && error.code === code;
}

/** Nothing where the file may be another engine's state of another model. */
async function readInitialState(
  { path, layout }: InitialFile,
  options: InitialOptions,
): Promise<Save | undefined> {
  const bytes = await Deno.readFile(path);
  const foreign = layout ?? layoutOf(bytes);
  if (foreign !== undefined) {
    try {
      return await importState(bytes, foreign, options.shape, { seed: [0, 0] });
    } catch (error) {
      // Such files name no model: one of another is known by its sizes alone.
      if (options.several && isState(error, "ERR_STATE_UNREADABLE")) return;
      throw error;
    }
  }
  if (isPortableBytes(bytes)) {
    return decodeSave(await openPortable(bytes), options.format);
  }
  // Sealed bytes begin with a letter too, and are no text: the vault tells.
  const raw = new TextDecoder("latin1").decode(bytes).trimEnd();
  // The page and the commands write the token with the words beside it.
  const text = raw.startsWith("{")
    ? parseSaveFile(new TextDecoder().decode(bytes), path).state
    : raw;
  if (isPortableText(text)) {
    return decodeSave(await openPortableText(text), options.format);
  }
  const isText = /^[\w.-]+$/.test(text);
  return await openSealed(isText ? text : bytes, options);
}

/** The kind of a foreign file that says so itself. */
function layoutOf(bytes: Uint8Array): StateLayout | undefined {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 4));
  if (start === "PK\x03\x04") return "time-state";
  return start === "qsgg" ? "llama.cpp" : undefined;
}

async function openSealed(
  token: string | Uint8Array<ArrayBuffer>,
  { vault, tenants }: InitialOptions,
): Promise<Save> {
  for (const tenant of tenants) {
    try {
      return await vault.open(token, { tenant });
    } catch (error) {
      if (!isState(error, "ERR_STATE_REJECTED")) throw error;
    }
  }
  return await vault.open(token);
}

/** Why, without the words that say of what. */
function reasonOfFailure(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "there is no such file";
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/^Cannot [^:]*: /, "");
}
