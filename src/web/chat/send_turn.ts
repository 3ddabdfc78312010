/**
 * One turn with the server, or with the engine in this tab: the save goes there,
 * an answer and the next save come back and are kept.
 *
 * @module
 */

import {
  ApiError,
  type ChatMessage,
  type GenerateEnd,
  type GenerateInput,
} from "../../client/client.ts";
import type { Library } from "../store/conversation_library.ts";
import { requestOptions, settings } from "../store/settings.ts";
import { newId, type StoredTurn } from "../store/stored_turn.ts";
import { CutOffError } from "./error_notice.ts";
import { findPartner, opensHere, type Partner } from "./turn_partner.ts";
import { ask, health } from "./server_state.ts";

/** A turn to be taken. */
export interface Wish {
  /** `more` lets an answer go on that was cut off. */
  readonly kind: "say" | "more";
  /** The turn to go on from. */
  readonly parent: string | null;
  /** What to say. */
  readonly user: string;
  /** What to tell the model first; the settings' where absent. */
  readonly system?: string | undefined;
  /** The state of the server's to begin with; the settings' where absent. */
  readonly initial?: string | undefined;
  /** In this tab, whatever the settings say. */
  readonly here?: true;
  /** Reads the words so far again, where the save is gone. */
  readonly reread?: true;
  /** Reads the conversation anew, where its save is another model's. */
  readonly rebase?: true;
  /** For another answer than before. */
  readonly seed?: number;
}

/** A turn that was taken. */
export interface TakenTurn {
  /** The turn. */
  readonly turn: StoredTurn;
  /** Whether it stays when the tab is closed, as the others do. */
  readonly kept: boolean;
}

/** The codec is told by servers newer than the client's types. */
type TurnEnd = GenerateEnd & { readonly state_codec?: string };

/**
 * Takes a turn.
 *
 * @param tell Called with the answer so far, whenever it grows.
 * @param signal Ends the answer; what has come of it is kept.
 * @returns Nothing if it was ended before anything had come.
 * @throws {ApiError} If the server refuses.
 * @throws {MissingSaveError} If the save to go on from is gone.
 */
export async function sendTurn(
  wish: Wish,
  library: Library,
  tell: (answer: string) => void,
  signal: AbortSignal,
): Promise<TakenTurn | undefined> {
  let began = false;
  const told = (answer: string) => {
    began = true;
    tell(answer);
  };
  const attempt = async (wish: Wish) =>
    await send(
      await findPartner(library, wish.parent, wish),
      wish,
      library,
      told,
      signal,
    );
  try {
    return await attempt(wish);
  } catch (error) {
    if (!(error instanceof ApiError) || began || signal.aborted) throw error;
    // A save without a transcript: the words of the page have to do.
    const other = error.code === "ERR_STATE_MISMATCH" && wish.rebase === true;
    if (other && wish.reread !== true) {
      return await attempt({ ...wish, reread: true });
    }
    const gone = error.code === "ERR_UNREACHABLE";
    if (!gone || began || signal.aborted) throw error;
    ask();
    if (!await opensHere(library, wish.parent).catch(() => false)) throw error;
    return await attempt({ ...wish, here: true });
  }
}

async function send(
  partner: Partner,
  wish: Wish,
  library: Library,
  tell: (answer: string) => void,
  signal: AbortSignal,
): Promise<TakenTurn | undefined> {
  const { parent, seed } = wish;
  const { takes, state, words } = partner;
  const system = parent === null
    ? wish.system ?? settings.value.system.trim()
    : "";
  const initial = parent === null ? beginning(wish) : undefined;
  const options = {
    ...requestOptions(settings.value),
    ...(seed !== undefined && { seed }),
    ...(state !== undefined && { state }),
    ...(wish.rebase && !partner.here && { on_mismatch: "rebase" as const }),
    ...(initial !== undefined && !partner.here && { initial }),
    // Only what begins a text can have all of it.
    ...(keepsWords() && !partner.here && state === undefined &&
      initial === undefined && { transcript: true }),
    // So that this tab can go on where the server is away.
    ...(health.value.model?.portable === true && !partner.here &&
      { state_profile: "portable" as const }),
  };
  let answer = "";
  let end: TurnEnd | undefined;
  try {
    const request = { ...turnInput(wish, system, words), ...options };
    for await (const event of takes.stream(request, signal)) {
      if (event.type === "text") tell(answer += event.text);
      else if (event.type === "done") end = event;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted && answer === "") return undefined;
  end ??= signal.aborted
    ? await takes.generate({
      ...turnInput(wish, system, words, answer),
      ...options,
      max_tokens: 0,
    })
    : undefined;
  if (end?.state === undefined) throw new CutOffError();
  const turn = turnOf(
    newId(library.turns.value.keys()),
    { ...wish, system, initial },
    answer,
    end,
    signal.aborted,
    partner,
  );
  return { turn, kept: await library.addTurn(turn, end.state) };
}

/** Whether what begins now keeps its words in the save. */
function keepsWords(): boolean {
  return settings.value.transcript &&
    health.value.model?.transcript !== "never";
}

/** The state of the server's to begin with, if it still offers it. */
function beginning({ initial }: Wish): string | undefined {
  const wanted = initial ?? settings.value.initial;
  return health.value.model?.initial_states
    ?.find(({ name }) => name === wanted)?.name;
}

/** What the model reads; with `answer` also what it had said when stopped. */
function turnInput(
  { kind, user }: Wish,
  system: string,
  words: readonly ChatMessage[] = [],
  answer = "",
): GenerateInput {
  // Where words are read again there is no open turn to go on with.
  if (kind === "more" && words.length === 0) return { prompt: answer };
  const messages: ChatMessage[] = [...words];
  if (system !== "") messages.unshift({ role: "system", content: system });
  messages.push({ role: "user", content: kind === "more" ? "Go on." : user });
  if (answer !== "") messages.push({ role: "assistant", content: answer });
  return { messages };
}

function turnOf(
  id: string,
  { kind, parent, user, system, initial }: Wish,
  answer: string,
  end: TurnEnd,
  stopped: boolean,
  { here, fingerprint, words }: Partner,
): StoredTurn {
  const { usage, timings, state, state_codec } = end;
  return {
    id,
    parent,
    kind,
    at: Date.now(),
    user,
    answer,
    ...(system && { system }),
    ...(initial !== undefined && { initial }),
    finish: stopped ? "cancelled" : end.finish_reason,
    model: end.model,
    fingerprint,
    ...(here && { here }),
    ...(words !== undefined && { reread: true as const }),
    position: usage.position,
    bytes: end.state_bytes ?? state?.length ?? 0,
    codec: state_codec ?? settings.value.codec,
    read: usage.prompt_tokens,
    wrote: usage.completion_tokens,
    ms: {
      read: timings.open_ms + timings.prefill_ms,
      write: timings.decode_ms,
      seal: timings.seal_ms,
    },
  };
}
