/**
 * Thoughts of a bounded length. Once a thought has its tokens, the turn is cut off,
 * the thought is closed in the state, and the answer follows in a turn that goes on
 * from there: the reader of the events sees one turn.
 *
 * @module
 */

import type { DoneEvent, TurnUsage } from "../engine/engine.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { THINK_END } from "./template.ts";
import type { AnswerEvent, Ask } from "./turn.ts";

/** Takes a turn. */
export type TakeTurn = (
  ask: Ask,
  signal: AbortSignal,
) => AsyncGenerator<AnswerEvent | DoneEvent, void>;

/**
 * Takes a turn whose thought has `most` tokens, and those that the device had drawn
 * already when they were counted.
 */
export async function* thinkWithin(
  most: number,
  take: TakeTurn,
  ask: Ask,
  { signal, tokenizer }: {
    readonly signal: AbortSignal;
    readonly tokenizer: Pick<Tokenizer, "encode">;
  },
): AsyncGenerator<AnswerEvent | DoneEvent, void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  let thought = 0;
  let cut: DoneEvent | undefined;
  for await (const event of take(ask, either)) {
    if (event.type === "done") {
      const { open = false } = event.save.chat ?? {};
      const left = ask.maxTokens - event.usage.completionTokens;
      if (event.finish === "cancelled" && !signal.aborted && open && left > 0) {
        cut = event;
      } else {
        yield event;
      }
      continue;
    }
    yield event;
    if (event.text !== "") thought = -Infinity;
    thought += tokenizer.encode(event.reasoning ?? "").length;
    if (thought >= most) enough.abort();
  }
  if (cut === undefined) return;
  const closed = cut.save.chat.thinking
    ? await read(take, { ...ask, save: cut.save }, signal)
    : undefined;
  const { completionTokens: spent } = cut.usage;
  const rest = take({
    ...ask,
    save: (closed ?? cut).save,
    input: { messages: [] },
    maxTokens: ask.maxTokens - spent,
    tell: false,
    goOn: true,
  }, signal);
  for await (const event of rest) {
    yield event.type === "done"
      ? { ...event, usage: total(cut.usage, closed?.usage, event.usage) }
      : event;
  }
}

/** Closes a thought in the state. */
async function read(
  take: TakeTurn,
  ask: Ask,
  signal: AbortSignal,
): Promise<DoneEvent> {
  const closing: Ask = {
    ...ask,
    input: { prompt: `\n${THINK_END}\n` },
    maxTokens: 0,
  };
  for await (const event of take(closing, signal)) {
    if (event.type === "done") return event;
  }
  throw new Error("A turn had no end");
}

/** What parts of a turn cost together. */
function total(
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
