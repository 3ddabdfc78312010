/**
 * How a turn begins: from its save, or from nothing.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import { type ModelShape, stateLength } from "../../model/shape.ts";
import { blankChain } from "../../state/token_chain.ts";
import type { Save, SaveFormat } from "../../state/save.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import type { Turn } from "../engine.ts";

/** Everything a run needs to know of its turn, before it has a lane. */
export interface OpenedTurn {
  /** As asked for. */
  readonly turn: Turn;
  /** What it goes on from. */
  readonly save: Save;
  /** Unread tokens of the save, then the prompt; at least one. */
  readonly given: readonly number[];
  /** How many of them no turn before was given. */
  readonly promptTokens: number;
  /** Seed of its draws. */
  readonly seed: readonly [low: number, high: number];
  /** Bytes of an unfinished character that its answer goes on with. */
  readonly carried: Uint8Array;
  /** Knows the bytes of its tokens. */
  readonly tokenizer: Tokenizer;
}

/**
 * Prepares a turn. A prompt begins with a character of its own, so one that the
 * answer before it left unfinished stays so.
 *
 * @param prompt The tokens of the turn's prompt.
 * @throws {StateError} `ERR_STATE_MISMATCH` if the save is of another shape.
 */
export function openTurn(
  turn: Turn,
  prompt: readonly number[],
  tokenizer: Tokenizer,
  shape: ModelShape,
): OpenedTurn {
  const save = resumableSave(turn.save, tokenizer, shape);
  // A prompt is enough where no text comes before it, or a state from elsewhere has
  // read all of it.
  const bare = turn.save === undefined
    ? turn.bos === false
    : turn.save.unread.length === 0;
  const given = bare && prompt.length > 0 ? prompt : save.unread.concat(prompt);
  return {
    turn,
    save,
    given,
    promptTokens: given.length - (turn.save?.unread.length ?? 0),
    seed: turn.seed ?? save.seed,
    carried: prompt.length === 0 ? save.utf8 : new Uint8Array(),
    tokenizer,
  };
}

/**
 * The save to go on from, or a blank one. At least one of its tokens is unread.
 *
 * @throws {StateError} `ERR_STATE_MISMATCH` if it is of another shape.
 */
export function resumableSave(
  save: Save | undefined,
  tokenizer: Tokenizer,
  shape: ModelShape,
): Save {
  if (save === undefined) return blankSave(tokenizer, shape);
  const [found, wanted] = [save.values.length, stateLength(shape)];
  if (found !== wanted) {
    throw new StateError(
      "ERR_STATE_MISMATCH",
      `Cannot go on from a save of ${found} values: the model has ${wanted}`,
    );
  }
  return save.unread.length > 0 ? save : { ...save, unread: [tokenizer.end] };
}

/** A state that has read nothing, in front of the token that begins a text. */
export function blankSave(
  tokenizer: Tokenizer,
  shape: SaveFormat["shape"],
): Save {
  const [low, high] = crypto.getRandomValues(new Uint32Array(2));
  return {
    values: new Float32Array(stateLength(shape)),
    position: 0,
    unread: [tokenizer.end],
    seed: [low, high],
    counts: new Map(),
    utf8: new Uint8Array(),
    chat: { open: false, thinking: false },
    chain: blankChain(),
  };
}
