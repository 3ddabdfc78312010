/**
 * Moves saves between folders, servers and the page. A save is sealed for one
 * service: on the way it is opened with the keys of where it was, and sealed with
 * those of where it goes.
 *
 * @module
 */

import { formatSaveFile, type SaveFileContent } from "../client/save_file.ts";
import type { Flags } from "../config/command_line.ts";
import { parseKeyLines } from "../config/key_lines.ts";
import type { Config } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import { parseKeys, type StateKey } from "../state/state_keys.ts";
import type { OwnerSecret } from "../state/owner_secret.ts";
import { write } from "../terminal.ts";
import { openLocal, sealLocal } from "./local_vault.ts";
import { Passphrase } from "./passphrase_flag.ts";
import { findSave, type SaveFolder, sealingKeys } from "./saves_folder.ts";

/** What a move needs to know. */
export interface Move {
  readonly saves: SaveFolder;
  readonly config: Config;
  readonly flags: Flags;
}

/** Writes a save of the folder into a file for somewhere else. */
export async function writeForElsewhere(
  { saves, config, flags }: Move,
  save: SaveFileContent,
  name: string,
  file: string,
): Promise<void> {
  const { "server-keys": theirs, tenant, portable } = flags;
  const keys = await sealingKeys(config, saves);
  let { state } = save;
  let reader = `holders of ${saves.keyPath}`;
  if (theirs !== undefined || portable !== undefined) {
    const secret = await secretOf(flags, saves, state);
    const opened = await openLocal(state, name, config, { keys, secret });
    const target = theirs === undefined ? keys : await serverKeys(theirs);
    const profile = portable === undefined ? "sealed" : "portable";
    const owner = { keys: target, tenant, secret };
    state = await sealLocal(opened, config, owner, profile);
    reader = portable === undefined
      ? `the server with key ${target[0]?.kid}`
      : "everybody";
  }
  await Deno.writeTextFile(file, `${formatSaveFile({ ...save, state })}\n`);
  write(`Wrote ${file}, for ${reader}\n`);
}

/** Takes a file from somewhere else into the folder. */
export async function takeFromElsewhere(
  { saves, config, flags }: Move,
  file: string,
  to: string,
): Promise<void> {
  const { "server-keys": theirs, tenant } = flags;
  const own = await sealingKeys(config, saves);
  const save = await findSave(saves, file);
  const keys = theirs === undefined
    ? own
    : [...await serverKeys(theirs), ...own];
  const secret = await secretOf(flags, saves, save.state);
  const theirOwn = { keys, tenant, secret };
  const opened = await openLocal(save.state, file, config, theirOwn);
  const state = await sealLocal(opened, config, { keys: own, secret });
  const { position } = opened.save;
  await saves.write(to, state, {
    ...save,
    turn: { ...save.turn, position, bytes: state.length },
  });
  write(`Saved ${to} (${position} tokens, ${state.length} bytes)\n`);
}

/** The secret of a save's owner, if there is a passphrase. */
async function secretOf(
  flags: Flags,
  saves: SaveFolder,
  state: string,
): Promise<OwnerSecret | undefined> {
  return await Passphrase.of(flags, saves)?.ownerFor(state);
}

/** Keys of a server: its keys file, or a list as `--state-keys` has it. */
async function serverKeys(word: string): Promise<readonly StateKey[]> {
  try {
    return parseKeyLines(await Deno.readTextFile(word)).state;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (word.includes(":")) return parseKeys(word);
  throw new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read --server-keys: ${word} is neither a file nor KID:BASE64URL`,
  );
}
