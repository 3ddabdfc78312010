/**
 * What a turn leaves behind: its save, and what it cost.
 *
 * @module
 */

import { Counts, penalized } from "../../text/penalties.ts";
import { extendChain } from "../../state/token_chain.ts";
import { EMPTY_TRANSCRIPT, extendTranscript } from "../../state/transcript.ts";
import type { Ending } from "./answer_ending.ts";
import type { DoneEvent } from "../engine.ts";
import type { OpenedTurn } from "./turn_start.ts";

/** What a run has come to. */
export interface Outcome {
  /** The state, as the ending wants it. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Tokens drawn. */
  readonly drawn: readonly number[];
  /** The chain of the first `chained` tokens given. */
  readonly chain: Uint8Array;
  /** No more than the ending has read. */
  readonly chained: number;
  /** Bytes of an unfinished character. */
  readonly utf8: Uint8Array;
  /** Milliseconds. */
  readonly timings: DoneEvent["timings"];
  /** How often tokens were taken back. */
  readonly retries: number;
}

/** The last event of a turn. */
export function closeTurn(
  { turn, save, given, promptTokens, seed, tokenizer }: OpenedTurn,
  ending: Ending,
  { values, drawn, chain, chained, utf8, timings, retries }: Outcome,
): DoneEvent {
  const position = save.position + ending.read;
  const read = given.slice(chained).concat(drawn)
    .slice(0, ending.read - chained);
  const counts = new Counts(save.counts);
  if (penalized(turn.sampling)) {
    for (const token of drawn.slice(0, ending.whole)) {
      counts.draw(token, turn.sampling.penaltyDecay);
    }
  }
  return {
    type: "done",
    finish: ending.finish,
    ...(ending.stop && { stop: ending.stop }),
    save: {
      values,
      position,
      unread: ending.unread,
      seed,
      counts,
      utf8,
      chat: save.chat,
      chain: extendChain(chain, read),
      ...(turn.transcript && {
        transcript: extendTranscript(
          save.transcript ?? EMPTY_TRANSCRIPT,
          [...given, ...drawn].slice(0, ending.read),
          ending.unread,
          (token) => tokenizer.bytes(token),
        ),
      }),
    },
    usage: {
      promptTokens,
      completionTokens: ending.kept,
      position,
      prefillSavedTokens: save.position,
    },
    timings,
    ...(retries > 0 && { retries }),
  };
}
