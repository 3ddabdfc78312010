/**
 * The turns of one request: counted as its caller's, ended when their time is over,
 * and noted in the request's record.
 *
 * @module
 */

import {
  type Ask,
  type Input,
  type Speaker,
  takeTurn,
  UnreadPromptError,
} from "../../chat/turn.ts";
import {
  type HearTurn,
  type TakePart,
  thinkWithin,
} from "../../chat/thought_budget.ts";
import type { ScoreQuery } from "../../engine/engine.ts";
import { TimeLimitError } from "../../errors.ts";
import type { RequestRecord, TurnRecord } from "../../observe/record.ts";
import type { Save } from "../../state/save.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { GREEDY } from "../../text/sampling.ts";
import { codeOf } from "../problem.ts";

/** Whose request it is, and what its turns may take. */
export interface Caller {
  /** The tenant: turns of several are served by turns. */
  readonly tenant: string;
  /** Seconds that a turn may take, waiting for a lane included; absent: any. */
  readonly timeout?: number | undefined;
  /** Told how many tokens a turn has read and written. */
  readonly spend: (tokens: number) => void;
}

/** Takes the turns of one request. */
export class RequestTurns {
  readonly #speaker: Speaker;
  readonly #caller: Caller;
  readonly #record: RequestRecord;

  /** Takes none yet. */
  constructor(speaker: Speaker, caller: Caller, record: RequestRecord) {
    this.#speaker = speaker;
    this.#caller = caller;
    this.#record = record;
  }

  /**
   * Takes a turn, as {@linkcode takeTurn} does; with a bounded thought, several.
   *
   * @param hear Told of each event before the next is made; the turn is given up
   * once it wants no more.
   */
  async take(ask: Ask, signal: AbortSignal, hear: HearTurn): Promise<void> {
    const { thinkTokens: most, effort } = ask;
    const take: TakePart = (ask, signal, hear) => this.#take(ask, signal, hear);
    if (most === undefined || !effort || effort === "none") {
      return await take(ask, signal, hear);
    }
    const { tokenizer } = this.#speaker.engine;
    await thinkWithin(most, take, ask, { signal, hear, tokenizer });
  }

  async #take(ask: Ask, signal: AbortSignal, hear: HearTurn): Promise<void> {
    const { tenant, timeout, spend } = this.#caller;
    const { model, tokenizer } = this.#speaker.engine;
    using limit = new TimeLimit(timeout, signal);
    let turn: TurnRecord | undefined;
    this.#record.hold();
    let written = 0, ended = false;
    try {
      const asked = {
        ...ask,
        tenant,
        observe: () => turn = this.#record.turn(model.id),
      };
      for await (const event of takeTurn(this.#speaker, asked, limit.signal)) {
        if (event.type === "done") {
          ended = true;
          turn?.done(event);
        } else {
          if (turn) turn.firstTextAt ??= performance.now();
          written += tokenizer.encode(event.text + (event.reasoning ?? ""))
            .length;
        }
        if (!await hear(event)) break;
      }
    } catch (error) {
      const reason = limit.reasonOf(error);
      if (turn && !ended) turn.end = "failed";
      this.#record.code ??= codeOf(reason);
      throw reason;
    } finally {
      // A client that hangs up pays for what was written until then.
      const { read = 0, generated = 0 } = turn ?? {};
      if (ended) spend(read + generated);
      else if (written > 0) spend(read + written);
      this.#record.release();
    }
  }

  /** Reads without writing; gives the save that leaves. */
  async read(
    save: Save | undefined,
    input: Input,
    signal: AbortSignal,
  ): Promise<Save> {
    const turn = {
      save,
      input,
      maxTokens: 0,
      sampling: GREEDY,
      seed: undefined,
      stops: [],
    };
    let left: Save | undefined;
    await this.take(turn, signal, (event) => {
      if (event.type === "done") left = event.save;
      return Promise.resolve(true);
    });
    if (left === undefined) throw new Error("A turn had no end");
    return left;
  }

  /** Scores texts, as the engine does. */
  async score(
    query: ScoreQuery,
    signal: AbortSignal,
  ): Promise<ScoredToken[][]> {
    const { tenant, timeout, spend } = this.#caller;
    const { engine } = this.#speaker;
    using limit = new TimeLimit(timeout, signal);
    const turn = this.#record.turn(engine.model.id);
    try {
      const scores = await engine.score({ ...query, tenant }, limit.signal);
      turn.end = "length";
      turn.read = scores.reduce((sum, { length }) => sum + length, 0);
      spend(turn.read);
      return scores;
    } catch (error) {
      if (!signal.aborted) turn.end = "failed";
      throw error;
    }
  }
}

/** A signal that is aborted when the time is over; disposing it stops the clock. */
class TimeLimit implements Disposable {
  /** Aborted by the caller or by the clock. */
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #seconds: number | undefined;

  constructor(seconds: number | undefined, signal: AbortSignal) {
    this.#seconds = seconds;
    if (seconds === undefined) {
      this.signal = signal;
      return;
    }
    this.signal = AbortSignal.any([signal, this.#over.signal]);
    this.#timer = setTimeout(
      () => this.#over.abort(this.#exceeded("send less at once")),
      1000 * seconds,
    );
  }

  /** Why a turn failed: its time, where that left a prompt which no save can hold. */
  reasonOf(error: unknown): unknown {
    if (!this.#over.signal.aborted) return error;
    if (!(error instanceof UnreadPromptError)) return error;
    return this.#exceeded(
      `${error.unread} tokens of the prompt are unread; send it in several turns`,
    );
  }

  #exceeded(repair: string): TimeLimitError {
    return new TimeLimitError(
      "ERR_TIME_LIMIT",
      `Cannot finish within ${this.#seconds} s: ${repair}`,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
