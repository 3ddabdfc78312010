/**
 * Edits of a save's memory by the server, and what came of them: a new save beside
 * the old one, unless nothing was better than nothing.
 *
 * @module
 */

import {
  ApiError,
  type ChatMessage,
  type EditAnswer,
  type KnownFact,
  type TeachAnswer,
} from "../../client/client.ts";
import type { Exchange } from "../../client/save_file.ts";
import type { Library } from "../store/conversation_library.ts";
import { hasSystem, isWhollyTold, wordsOf } from "../store/save_file.ts";
import { settings } from "../store/settings.ts";
import { newId, type Slot, type StoredTurn } from "../store/stored_turn.ts";
import { computesHere, messagesOf } from "./turn_partner.ts";
import { saveSlot } from "./save_actions.ts";
import { client, health } from "./server_state.ts";

/** What is to be done with a memory. */
export interface EditWish {
  /** The verb. */
  readonly verb: "teach" | "forget" | "merge";
  /** What to say to the model; not for merging. */
  readonly statements: readonly string[];
  /** What must be known afterwards, or forgotten. */
  readonly facts: readonly KnownFact[];
  /** What must stay. */
  readonly keep: readonly KnownFact[];
  /** The save to merge with. */
  readonly other?: Slot | undefined;
}

/** Draws a save's face. */
export interface Faces {
  /** The face of a turn's save; nothing if it cannot be had. */
  face(turn: string): Promise<Int8Array | undefined>;
}

/** What new saves are called, after the old one. */
const EDITED_NAMES = { teach: "taught", forget: "forgot", merge: "merged" };

/**
 * Edits the memory of a save, and keeps the result as another.
 *
 * @throws {ApiError} If the server refuses, or there is none.
 */
export async function editSlot(
  { library, notebook }: {
    readonly library: Library;
    readonly notebook: Faces;
  },
  slot: Slot,
  wish: EditWish,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly answer: EditAnswer; readonly made?: StoredTurn }> {
  if (computesHere()) {
    throw new ApiError(0, {
      code: "ERR_LOCAL_EDIT",
      detail: "Only a server can edit a memory: choose one in the settings",
    });
  }
  const answer = await askForEdit(library, slot, wish, signal);
  if (answer.method === "nothing") return { answer };
  const before = library.turns.value.get(slot.turn);
  const turn: StoredTurn = {
    parent: null,
    kind: "import",
    edited: answer.summary,
    ...wordsAfter(library.path(slot.turn), answer),
    id: newId(library.turns.value.keys()),
    at: Date.now(),
    user: "",
    answer: "",
    finish: "stop",
    model: before?.model ?? "",
    fingerprint: before?.fingerprint ?? "",
    position: answer.position,
    bytes: answer.state_bytes,
    codec: answer.state_codec,
    read: 0,
    wrote: 0,
    ms: { read: 0, write: 0, seal: 0 },
  };
  await library.addTurn(turn, answer.state);
  const name = `${slot.name}, ${EDITED_NAMES[wish.verb]}`;
  await saveSlot(library, turn.id, name, await notebook.face(turn.id));
  return { answer, made: turn };
}

async function askForEdit(
  library: Library,
  slot: Slot,
  { verb, statements, facts, keep, other }: EditWish,
  signal: AbortSignal,
): Promise<EditAnswer | TeachAnswer> {
  const state = await stateOfSlot(library, slot);
  const output = {
    state_codec: settings.value.codec,
    ...(health.value.model?.portable === true &&
      { state_profile: "portable" as const }),
  };
  const server = client();
  switch (verb) {
    case "teach":
      return await server.teach(
        { state, statements, facts, keep, ...output },
        signal,
      );
    case "forget":
      return await server.forget(
        {
          state,
          ...toldFacts(library, slot),
          statements,
          facts,
          keep,
          ...output,
        },
        signal,
      );
    case "merge": {
      if (other === undefined) throw new TypeError("Cannot merge with nothing");
      const states = [
        { state, ...toldFacts(library, slot) },
        {
          state: await stateOfSlot(library, other),
          ...toldFacts(library, other),
        },
      ];
      return await server.merge({ states, facts, ...output }, signal);
    }
  }
}

async function stateOfSlot(library: Library, { turn }: Slot): Promise<string> {
  const state = await library.state(turn);
  if (state === undefined) throw new TypeError("Cannot find the save's state");
  return state;
}

/** What a save was told, if every word of it is known. */
function toldFacts(
  library: Library,
  { turn }: Slot,
): { messages?: readonly ChatMessage[] } {
  const path = library.path(turn);
  return isWhollyTold(path) ? { messages: messagesOf(path) } : {};
}

/** The words beside the new save. Of what was forgotten or merged there are none. */
function wordsAfter(
  path: readonly StoredTurn[],
  answer: EditAnswer | TeachAnswer,
): { past: Exchange[]; partial: boolean } {
  if (!("told" in answer)) return { past: [], partial: true };
  return {
    past: [
      ...wordsOf(path),
      ...answer.told.map(({ user, assistant }) => ({
        user,
        answer: assistant,
      })),
    ],
    partial: !isWhollyTold(path) || hasSystem(path),
  };
}
