/**
 * Drawing several tokens in one step.
 *
 * @module
 */

import type { LaneStep } from "../../device/device.ts";
import type { MaskLoan } from "../../grammar/grammar.ts";
import type { Turn } from "../engine.ts";
import type { OpenedTurn } from "./turn_start.ts";

/** Scored tokens of a burst at most: their logits are `[V]` each on the host. */
const MOST_SCORED = 8;

/**
 * How many tokens to draw next. The first one comes at once, later ones in bursts
 * as long as all that came before; scored ones a few at a time, or alone in a
 * grammar.
 *
 * @param drawn Tokens drawn or asked for.
 * @param room How long a burst may be.
 * @param oneByOne Whether each has to be known before the next, for its mask.
 */
export function burstLength(
  turn: Turn,
  drawn: number,
  room: number,
  oneByOne: boolean,
): number {
  const scored = turn.logprobs !== undefined;
  const alone = oneByOne || scored && turn.constraint !== undefined;
  const most = alone ? 1 : Math.min(room, Math.max(drawn, 1));
  const few = scored ? MOST_SCORED : Infinity;
  return Math.min(turn.maxTokens - drawn, most, few);
}

/** A lane's draws, as a step wants them. */
export interface Burst {
  /** The lane. */
  readonly lane: number;
  /** Tokens of the turn drawn or asked for before. */
  readonly drawn: number;
  /** Tokens to read first. */
  readonly tokens: readonly number[];
  /** Tokens to draw. */
  readonly draw: number;
  /** Tokens at which the answer surely ends. */
  readonly stopTokens: ReadonlySet<number>;
  /** Counts of tokens drawn, the turn's own included. */
  readonly counts: ReadonlyMap<number, number>;
  /** The mask, where it is still to be found. */
  readonly mask: Promise<Uint32Array | undefined> | undefined;
  /** Masks, where the device finds them while it draws. */
  readonly loan: MaskLoan | undefined;
}

/** The part of a step that draws. */
export function burstStep(
  { turn, save, given, seed }: OpenedTurn,
  { lane, drawn, tokens, draw, stopTokens, counts, mask, loan }: Burst,
): LaneStep {
  return {
    lane,
    tokens,
    // A token alone goes the way that drawn tokens go.
    replay: tokens.length === 1,
    draw,
    stopTokens,
    ...(turn.logprobs !== undefined && { logits: "drawn" }),
    ...(mask && { mask }),
    ...(loan && { feed: loan.feed }),
    sampling: {
      ...turn.sampling,
      seed,
      position: save.position + given.length + drawn,
      counts,
      ...(turn.constraint && !mask && loan?.fresh !== false &&
        { mask: turn.constraint.mask }),
    },
  };
}
