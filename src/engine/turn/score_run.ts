/**
 * Scoring one text on one lane: read it, and look at the logits before each of
 * its tokens.
 *
 * @module
 */

import type { DeviceModel, LaneResult, LaneStep } from "../../device/device.ts";
import { type ScoredToken, scoreToken } from "../../text/logprobs.ts";
import { overflow } from "./logits_overflow.ts";
import {
  type Job,
  PREFILL_CHUNK,
  type StepBudget,
} from "../queue/scheduler.ts";

/** Tokens scored in one step: their logits, `[T, V]`, are all sent to the host. */
const SCORED = 32;

/** What a text is scored after. */
export interface ScoreStart {
  /** The state. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Tokens that it has not read; at least one. */
  readonly unread: readonly number[];
  /** How many it has read; a blank one none. */
  readonly position: number;
}

/** What a scoring run works with. */
export interface ScoreOptions {
  /** The text; at least one token. */
  readonly tokens: readonly number[];
  /** How many of the likeliest tokens to name at each place. */
  readonly top: number;
  /** Where the lane is. */
  readonly model: DeviceModel;
  /** The lane, free to use. */
  readonly lane: number;
  /** Takes the scores, one a token. */
  readonly resolve: (scores: ScoredToken[]) => void;
  /** Takes the error instead. */
  readonly reject: (error: unknown) => void;
}

/** A text being scored. */
export class ScoreRun implements Job {
  readonly #scoreOptions: ScoreOptions;
  /** Unread tokens, then the text without its last token. */
  readonly #tokensToRead: readonly number[];
  /** Index of the first token after which logits are looked at. */
  readonly #firstScored: number;
  readonly #fromSave: boolean;
  readonly #scores: ScoredToken[] = [];
  #tokensAsked = 0;

  /** Puts the state on the lane. */
  constructor(
    { values, unread, position }: ScoreStart,
    options: ScoreOptions,
  ) {
    const { model, lane, tokens } = options;
    this.#scoreOptions = options;
    this.#tokensToRead = unread.concat(tokens.slice(0, -1));
    this.#firstScored = unread.length - 1;
    this.#fromSave = position > 0;
    model.write(lane, values).catch((error) => this.fail(error));
  }

  /** Whether there is more to read. */
  get reading(): boolean {
    return this.#tokensAsked < this.#tokensToRead.length;
  }

  /** Its part of the next step. */
  next(room: StepBudget): LaneStep | undefined {
    if (!this.reading) return undefined;
    const start = this.#tokensAsked;
    const end = start < this.#firstScored
      ? Math.min(start + PREFILL_CHUNK, this.#firstScored)
      : Math.min(start + SCORED, this.#tokensToRead.length);
    if (end - start > room.tokens) return undefined;
    this.#tokensAsked = end;
    const tokens = this.#tokensToRead.slice(start, end);
    const part = { lane: this.#scoreOptions.lane, tokens, draw: 0 };
    return start < this.#firstScored ? part : { ...part, logits: "all" };
  }

  /** What became of its part of a step. */
  accept({ logits }: LaneResult): void {
    const { tokens, top, model, resolve } = this.#scoreOptions;
    if (logits === undefined) return;
    const { V } = model.shape;
    for (let row = 0; row < logits.length; row += V) {
      const token = tokens[this.#scores.length];
      const score = scoreToken(logits.subarray(row, row + V), token, top);
      if (!Number.isFinite(score.logprob)) {
        throw overflow(this.#fromSave, `a logit is ${score.logprob}`);
      }
      this.#scores.push(score);
    }
    if (this.#scores.length === tokens.length) resolve(this.#scores);
  }

  /** Ends with an error. */
  fail(error: unknown): void {
    this.#scoreOptions.reject(error);
  }
}
