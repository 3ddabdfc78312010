/**
 * What the reader of a turn hears while it is written: texts, and how likely
 * their tokens were if that was asked for.
 *
 * @module
 */

import { type ScoredToken, scoreToken } from "../../text/logprobs.ts";
import type { Answer } from "./answer_text.ts";
import type { TurnEvent } from "../engine.ts";
import type { Mailbox } from "./event_mailbox.ts";

/** Turns an answer into events. */
export class TextEvents {
  readonly #answer: Answer;
  readonly #events: Mailbox<TurnEvent>;
  /** How many likeliest tokens to name, if any are to be scored. */
  readonly #topLogprobs: number | undefined;
  readonly #scores: ScoredToken[] = [];
  /** Of how many tokens the reader has heard. */
  #toldLength = 0;

  /** Speaks for `answer` into `events`. */
  constructor(
    answer: Answer,
    events: Mailbox<TurnEvent>,
    top: number | undefined,
  ) {
    this.#answer = answer;
    this.#events = events;
    this.#topLogprobs = top;
  }

  /** Notes how likely the next token of the answer was. */
  score(token: number, logits: Float32Array | undefined): void {
    if (this.#topLogprobs === undefined || logits === undefined) return;
    this.#scores.push(scoreToken(logits, token, this.#topLogprobs));
  }

  /** Forgets the last tokens of the answer: they are not part of it. */
  takeBack(count: number): void {
    if (this.#topLogprobs !== undefined) this.#scores.splice(-count);
  }

  /** Says what can be said by now. */
  release(): void {
    this.#putText(this.#answer.release());
  }

  /** Says what is left; see {@linkcode Answer.finish}. */
  finish(over: boolean): void {
    this.#putText(this.#answer.finish(over));
  }

  #putText(text: string): void {
    if (text === "") return;
    if (this.#topLogprobs === undefined) {
      return this.#events.put({ type: "text", text });
    }
    const told = this.#answer.told;
    const tokens = this.#scores.slice(this.#toldLength, told);
    this.#events.put({ type: "text", text, tokens });
    this.#toldLength = told;
  }
}
