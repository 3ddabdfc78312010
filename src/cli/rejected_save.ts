/**
 * What to do about a save that a server rejects. The server does not say why, for
 * whoever tries tokens would learn from it; who holds the save may be told how it
 * gets there.
 *
 * @module
 */

import { ApiError } from "../client/client.ts";
import { kidOf } from "./local_vault.ts";
import type { SaveFolder } from "./saves_folder.ts";

/** The words of an error, with the way out where a save was rejected. */
export function rejectionText(
  error: ApiError,
  state: string | undefined,
  saves: SaveFolder,
): string {
  const rejected = error.code === "ERR_STATE_REJECTED";
  if (!rejected || state === undefined) return error.message;
  return `${error.message}\nThe save is sealed with key ${kidOf(state)}. ` +
    "A server opens the saves of this folder if it is started with: deno task " +
    `start --keys-file ${saves.keyPath}\nFor a server with other keys, seal a ` +
    "copy with them: deno task state export SAVE FILE --server-keys KEYS";
}

/**
 * Waits for work with a save.
 *
 * @throws {ApiError} With the way out where the save was rejected.
 */
export async function withWayOut<T>(
  work: Promise<T>,
  state: string | undefined,
  saves: SaveFolder,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, code } = error;
    const detail = rejectionText(error, state, saves);
    throw new ApiError(status, { code, detail });
  }
}
