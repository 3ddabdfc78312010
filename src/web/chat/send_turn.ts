/**
 * One turn with the server: the save goes there, an answer and the next save
 * come back and are kept.
 *
 * @module
 */

import type {
  ChatMessage,
  GenerateEnd,
  GenerateInput,
} from "../../client/client.ts";
import type { Library } from "../store/library.ts";
import { requestOptions, settings } from "../store/settings.ts";
import { newId, type StoredTurn } from "../store/stored_turn.ts";
import { client, health } from "./server.ts";
import { CutOffError } from "./error_notice.ts";

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
  /** For another answer than before. */
  readonly seed?: number;
}

/** The codec is told by servers newer than the client's types. */
type End = GenerateEnd & { readonly state_codec?: string };

/**
 * Takes a turn.
 *
 * @param tell Called with the answer so far, whenever it grows.
 * @param signal Ends the answer; what has come of it is kept.
 * @returns Nothing if it was ended before anything had come.
 * @throws {ApiError} If the server refuses.
 */
export async function sendTurn(
  wish: Wish,
  library: Library,
  tell: (answer: string) => void,
  signal: AbortSignal,
): Promise<StoredTurn | undefined> {
  const { parent, seed } = wish;
  const system = parent === null
    ? wish.system ?? settings.value.system.trim()
    : "";
  const initial = parent === null ? beginning(wish) : undefined;
  const state = parent === null ? undefined : await library.state(parent);
  const options = {
    ...requestOptions(settings.value),
    ...(seed !== undefined && { seed }),
    ...(state !== undefined && { state }),
    ...(initial !== undefined && { initial }),
  };
  let answer = "";
  let end: End | undefined;
  try {
    const request = { ...inputOf(wish, system), ...options };
    for await (const event of client().stream(request, signal)) {
      if (event.type === "text") tell(answer += event.text);
      else end = event;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted && answer === "") return undefined;
  end ??= signal.aborted
    ? await client().generate({
      ...inputOf(wish, system, answer),
      ...options,
      max_tokens: 0,
    })
    : undefined;
  if (end?.state === undefined) throw new CutOffError();
  const turn = turnOf(
    { ...wish, system, initial },
    answer,
    end,
    signal.aborted,
  );
  await library.addTurn(turn, end.state);
  return turn;
}

/** The state of the server's to begin with, if it still offers it. */
function beginning({ initial }: Wish): string | undefined {
  const wanted = initial ?? settings.value.initial;
  return health.value.model?.initial_states
    ?.find(({ name }) => name === wanted)?.name;
}

/** What the model reads; with `answer` also what it had said when stopped. */
function inputOf(
  { kind, user }: Wish,
  system: string,
  answer = "",
): GenerateInput {
  if (kind === "more") return { prompt: answer };
  const messages: ChatMessage[] = [{ role: "user", content: user }];
  if (system !== "") messages.unshift({ role: "system", content: system });
  if (answer !== "") messages.push({ role: "assistant", content: answer });
  return { messages };
}

function turnOf(
  { kind, parent, user, system, initial }: Wish,
  answer: string,
  end: End,
  stopped: boolean,
): StoredTurn {
  const { usage, timings, state, state_codec } = end;
  return {
    id: newId(),
    parent,
    kind,
    at: Date.now(),
    user,
    answer,
    ...(system && { system }),
    ...(initial !== undefined && { initial }),
    finish: stopped ? "cancelled" : end.finish_reason,
    model: end.model,
    fingerprint: health.value.model?.fingerprint ?? "",
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
