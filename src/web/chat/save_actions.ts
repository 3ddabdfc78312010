/**
 * What can be done with a save: give it a name, take it out as a file, bring a
 * file in.
 *
 * @module
 */

import { labelOf, lockSecret, newLabel } from "../../client/passphrase.ts";
import type { Library } from "../store/conversation_library.ts";
import { readSaveFile, writeSaveFile } from "../store/save_file.ts";
import { newId, type Slot, type StoredTurn } from "../store/stored_turn.ts";
import { fetchDetails, type SaveDetails, sealAgain } from "./server_state.ts";
import { explain, NO_ROOM } from "./error_notice.ts";

/** Names a turn. */
export async function saveSlot(
  library: Library,
  turn: string,
  name: string,
  face: Int8Array | undefined,
): Promise<Slot> {
  // Asks the browser not to clear the shelf when its disk is full.
  void navigator.storage?.persist?.();
  const slot: Slot = {
    id: newId(library.slots.value.keys()),
    name,
    turn,
    at: Date.now(),
    ...(face !== undefined && { face }),
  };
  await library.putSlot(slot);
  return slot;
}

/**
 * Hands a turn's save out as a file.
 *
 * @param passphrase Locks it: it opens nowhere without, and has no words beside it.
 * @throws {TypeError} If the save is gone.
 */
export async function exportSave(
  library: Library,
  turn: string,
  name: string,
  passphrase?: string,
): Promise<void> {
  const kept = await library.state(turn);
  if (kept === undefined) {
    throw new TypeError(
      `Cannot export ${name}: its save is gone from this browser`,
    );
  }
  const state = passphrase === undefined ? kept : await sealAgain(kept, {
    secret: await lockSecret(passphrase, newLabel()),
  });
  const blob = writeSaveFile(name, library.path(turn), state);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.replaceAll(/[^\p{L}\p{N} ._-]+/gu, "-")}.gosling`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Bytes of a file: the largest state in base64, and the words beside it. */
const MOST_SAVE_FILE_BYTES = 2 ** 27;

/** A save that was brought in. */
export interface Imported {
  /** The turn to go on from. */
  readonly turn: StoredTurn;
  /** Why the server that is set cannot open it, if it cannot. */
  readonly warning?: string;
}

/**
 * Brings a file in as a turn of its own and a slot. It is kept even if the
 * server that is set cannot open it: another might.
 *
 * @param unlock Asks for the passphrase of a locked save; without one it is kept as
 * it is.
 * @throws {TypeError} If the file holds no save.
 * @throws {ApiError} If its passphrase is another.
 */
export async function importSave(
  library: Library,
  file: File,
  unlock?: (name: string) => Promise<string | undefined>,
): Promise<Imported> {
  if (file.size > MOST_SAVE_FILE_BYTES) {
    throw new TypeError(
      `Cannot read ${file.name}: it has ${file.size} bytes, and no save has ` +
        `over ${MOST_SAVE_FILE_BYTES}`,
    );
  }
  const { name, turn: told, past, partial, state: given } = await readSaveFile(
    file,
  );
  const label = labelOf(given);
  const passphrase = label === undefined ? undefined : await unlock?.(name);
  const state = label === undefined || passphrase === undefined
    ? given
    : await sealAgain(given, {
      secret: await lockSecret(passphrase, label),
      newSecret: "none",
    });
  let found: SaveDetails | undefined;
  let warning: string | undefined;
  try {
    found = await fetchDetails(state);
  } catch (error) {
    warning = explain(error).message;
  }
  const turn: StoredTurn = {
    parent: null,
    kind: "import",
    at: Date.now(),
    user: "",
    answer: "",
    finish: "stop",
    model: "",
    fingerprint: "",
    position: 0,
    bytes: state.length,
    codec: "",
    read: 0,
    wrote: 0,
    ms: { read: 0, write: 0, seal: 0 },
    ...told,
    past,
    ...(partial === true && { partial }),
    ...(found && {
      fingerprint: found.model.fingerprint,
      position: found.position,
      codec: found.codec,
    }),
    id: newId(library.turns.value.keys()),
  };
  if (!await library.addTurn(turn, state)) warning ??= NO_ROOM.message;
  await saveSlot(library, turn.id, name, undefined);
  return { turn, ...(warning !== undefined && { warning }) };
}
