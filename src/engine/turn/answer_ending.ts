/**
 * How a turn ends: which of its tokens the state it leaves has read, and which
 * stay unread.
 *
 * A state cannot say what comes next without reading something, so at least one
 * token always stays unread. Tokens of a turn are those given (unread ones of the
 * save, then the prompt) and those drawn, in one row.
 *
 * @module
 */

import type { Tokenizer } from "../../text/tokenizer.ts";
import type { StopCut } from "./answer_text.ts";
import type { Finish, StopSequence } from "../engine.ts";
import { encodeBytes } from "./encode_bytes.ts";

/** What a turn leaves. */
export interface Ending {
  /** Why. */
  readonly finish: Finish;
  /** The stop that ended it. */
  readonly stop?: StopSequence;
  /** How many tokens of the turn the state has read. */
  readonly read: number;
  /** Tokens that follow, unread. */
  readonly unread: readonly number[];
  /** Drawn tokens that stay in the text as they are. */
  readonly whole: number;
  /** Drawn tokens of which at least a part stays in the text. */
  readonly kept: number;
  /** Whether no character of the answer can be finished later. */
  readonly over: boolean;
}

/** The tokens of a turn when it ends. */
export interface TurnTokens {
  /** Unread tokens of the save, then the prompt; at least one. */
  readonly given: readonly number[];
  /** Tokens drawn, up to the one that ended it. */
  readonly drawn: readonly number[];
}

/** Ends after the last token drawn: nothing but the number of tokens decided. */
export function endAfter(
  { given, drawn }: TurnTokens,
  finish: Finish,
): Ending {
  const all = drawn.length === 0 ? given : drawn;
  return {
    finish,
    read: given.length + drawn.length - 1,
    unread: all.slice(-1),
    whole: drawn.length,
    kept: drawn.length,
    over: false,
  };
}

/** Ends before the prompt has been read: what is left of it stays unread. */
export function endWithin(given: readonly number[], read: number): Ending {
  return {
    finish: "cancelled",
    read,
    unread: given.slice(read),
    whole: 0,
    kept: 0,
    over: false,
  };
}

/**
 * Ends at the end-of-text token. Where the template has an end of turn, that
 * takes its place: the conversation goes on, its text does not end.
 */
export function endAtEnd(
  tokens: TurnTokens,
  stops: readonly StopSequence[],
  tokenizer: Tokenizer,
): Ending {
  const ending = endAfter(tokens, "stop");
  const stop = stops.find(({ kept }) => kept);
  if (stop === undefined) return { ...ending, over: true };
  return {
    ...ending,
    stop,
    unread: tokenizer.encode(stop.text),
    whole: ending.whole - 1,
    kept: ending.kept - 1,
    over: true,
  };
}

/** Ends at a stop: after it if it is kept, else before it. */
export function endAtStop(
  tokens: TurnTokens,
  cut: StopCut,
  tokenizer: Tokenizer,
): Ending {
  const { given, drawn } = tokens;
  const { stop } = cut;
  if (stop.kept) {
    const ending = { ...endAfter(tokens, "stop"), stop, over: true };
    if (!cut.inside) return ending;
    const unread = encodeBytes(cut.through, tokenizer);
    return { ...ending, unread, whole: ending.whole - 1 };
  }
  const whole = Math.max(cut.token, 0);
  if (cut.before.length === 0) {
    const before = { given, drawn: drawn.slice(0, whole) };
    return { ...endAfter(before, "stop"), stop, over: true };
  }
  return {
    finish: "stop",
    stop,
    read: given.length + whole,
    unread: encodeBytes(cut.before, tokenizer),
    whole,
    kept: whole + 1,
    over: true,
  };
}
