/**
 * Thoughts of a bounded length. Once a thought has its tokens, the turn is cut off,
 * the thought is closed in the state, and the answer follows in a turn that goes on
 * from there: the reader of the events sees one turn.
 *
 * @module
 */

import type { DoneEvent, TurnUsage } from "../../engine/engine.ts";
import { ClosingError } from "../../errors.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { THINK_END } from "../template/world_form.ts";
import type { AnswerEvent, Ask } from "../chat_turn.ts";

/** Told of the events of a turn; says whether it wants more. */
export type HearTurn = (event: AnswerEvent | DoneEvent) => Promise<boolean>;

/** Takes a turn, or a part of one. */
export type TakePart = (
  ask: Ask,
  signal: AbortSignal,
  hear: HearTurn,
) => Promise<void>;

/**
 * Takes a turn whose thought has `most` tokens, and those that the device had drawn
 * already when they were counted.
 */
export async function thinkWithin(
  most: number,
  take: TakePart,
  ask: Ask,
  { signal, hear, tokenizer }: {
    readonly signal: AbortSignal;
    readonly hear: HearTurn;
    readonly tokenizer: Pick<Tokenizer, "encode">;
  },
): Promise<void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  let thought = 0;
  let cut: DoneEvent | undefined;
  await take(ask, either, async (event) => {
    if (event.type === "done") {
      const { open = false } = event.save.chat ?? {};
      const left = ask.maxTokens - event.usage.completionTokens;
      // Others cut turns off too: a limit of time, a server that ends.
      const ours = enough.signal.aborted && !signal.aborted;
      if (event.finish === "cancelled" && ours && open && left > 0) {
        cut = event;
        return true;
      }
      return await hear(event);
    }
    if (event.text !== "") thought = -Infinity;
    thought += tokenizer.encode(event.reasoning ?? "").length;
    if (thought >= most) enough.abort();
    return await hear(event);
  });
  if (cut === undefined) return;
  try {
    await answerAfter(cut, take, ask, signal, hear);
  } catch (error) {
    // A server that ends takes no turns: what there is, is the answer.
    if (!(error instanceof ClosingError)) throw error;
    await hear(cut);
  }
}

/** Takes the rest of a turn that was cut off in its thought. */
async function answerAfter(
  { save, usage }: DoneEvent,
  take: TakePart,
  ask: Ask,
  signal: AbortSignal,
  hear: HearTurn,
): Promise<void> {
  const closed = save.chat.thinking
    ? await closeThought(take, { ...ask, save }, signal)
    : undefined;
  await take(
    {
      ...ask,
      save: closed?.save ?? save,
      input: { messages: [] },
      maxTokens: ask.maxTokens - usage.completionTokens,
      tell: false,
      goOn: true,
    },
    signal,
    (event) =>
      hear(
        event.type === "done"
          ? { ...event, usage: totalUsage(usage, closed?.usage, event.usage) }
          : event,
      ),
  );
}

/** Closes a thought in the state. */
async function closeThought(
  take: TakePart,
  ask: Ask,
  signal: AbortSignal,
): Promise<DoneEvent> {
  const closing: Ask = {
    ...ask,
    input: { prompt: `\n${THINK_END}\n` },
    maxTokens: 0,
  };
  let end: DoneEvent | undefined;
  await take(closing, signal, (event) => {
    if (event.type === "done") end = event;
    return Promise.resolve(true);
  });
  if (end === undefined) throw new Error("A turn had no end");
  return end;
}

/** What parts of a turn cost together. */
function totalUsage(
  first: TurnUsage,
  closing: TurnUsage | undefined,
  last: TurnUsage,
): TurnUsage {
  return {
    promptTokens: first.promptTokens + (closing?.promptTokens ?? 0),
    completionTokens: first.completionTokens + last.completionTokens,
    position: last.position,
    prefillSavedTokens: first.prefillSavedTokens,
  };
}
