/**
 * Who takes a turn, the server or the engine in this tab, and what it is given: the
 * save, or all words again where it cannot open the save.
 *
 * @module
 */

import type { ChatMessage, Client } from "../../client/client.ts";
import type { Library } from "../store/conversation_library.ts";
import { loadLocal, localClient } from "../local/local_engine.ts";
import { hasAllWords, wordsOf } from "../store/save_file.ts";
import { MissingSaveError } from "../store/missing_save.ts";
import { settings } from "../store/settings.ts";
import type { StoredTurn } from "../store/stored_turn.ts";
import type { Wish } from "./send_turn.ts";
import { client, health } from "./server_state.ts";

/** What takes turns: a server's client, or the tab's. */
export type TurnTaker = Pick<Client, "stream" | "generate">;

/** Where to go on, and with what. */
export interface Partner {
  /** Takes the turn. */
  readonly takes: TurnTaker;
  /** Whether it is this tab. */
  readonly here: boolean;
  /** SHA-256 of its model's weights. */
  readonly fingerprint: string;
  /** The save to go on from; absent at the root, and where words are read again. */
  readonly state?: string;
  /** Everything said so far, where the save cannot be opened. */
  readonly words?: readonly ChatMessage[];
}

const PORTABLE_PREFIX = "gosling-portable.";

/** Whether an answer is to be computed in this tab, as settings and server are. */
export function computesHere(): boolean {
  return settings.value.place === "device" || health.value.status === "none";
}

/**
 * Finds who takes a turn.
 *
 * @param parent The turn to go on from; null begins anew.
 * @param wish Whether it is to be this tab whatever the settings say, and whether the
 * words are read again where the save is gone.
 * @throws {MissingSaveError} If the save is gone: a model that began anew would know
 * nothing of what was said.
 * @throws {ApiError} `ERR_LOCAL` if the tab cannot load its model.
 */
export async function findPartner(
  library: Library,
  parent: string | null,
  { here, reread, rebase }: Pick<Wish, "here" | "reread" | "rebase">,
): Promise<Partner> {
  const local = here === true || computesHere();
  const fingerprint = local
    ? (await loadLocal()).fingerprint
    : health.value.model?.fingerprint ?? "";
  const takes = local ? localClient : client();
  const base = { takes, here: local, fingerprint };
  if (parent === null) return base;
  const turn = library.turns.value.get(parent);
  const state = await library.state(parent);
  const path = library.path(parent);
  if (state === undefined && !(reread === true && hasAllWords(path))) {
    throw new MissingSaveError(
      await library.nearestSaved(parent),
      hasAllWords(path),
    );
  }
  const asWords = reread === true && rebase === true && hasAllWords(path);
  if (state !== undefined && !asWords && opensWith(turn, state, base)) {
    return { ...base, state };
  }
  return { ...base, words: messagesOf(path) };
}

/** Whether the tab can go on from a turn's save without reading its words again. */
export async function opensHere(
  library: Library,
  parent: string | null,
): Promise<boolean> {
  if (parent === null) return true;
  const state = await library.state(parent);
  if (state === undefined || !state.startsWith(PORTABLE_PREFIX)) return false;
  const { fingerprint } = await loadLocal();
  return library.turns.value.get(parent)?.fingerprint === fingerprint;
}

function opensWith(
  turn: StoredTurn | undefined,
  state: string,
  { here, fingerprint }: Pick<Partner, "here" | "fingerprint">,
): boolean {
  const portable = state.startsWith(PORTABLE_PREFIX);
  if (here) return portable && turn?.fingerprint === fingerprint;
  // A sealed save is the server's to judge; one of this tab may be another model's.
  if (!portable || turn?.here !== true) return true;
  return health.value.model?.portable === true &&
    turn.fingerprint === fingerprint;
}

/** A path as messages, from the first to the last. */
export function messagesOf(path: readonly StoredTurn[]): ChatMessage[] {
  const system = path.find((turn) => turn.system !== undefined)?.system;
  const messages: ChatMessage[] = system === undefined
    ? []
    : [{ role: "system", content: system }];
  for (const { user, answer } of wordsOf(path)) {
    messages.push({ role: "user", content: user });
    if (answer !== "") messages.push({ role: "assistant", content: answer });
  }
  return messages;
}
