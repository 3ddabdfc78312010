/**
 * The turns of one request: counted as its caller's, ended when their time is over,
 * and noted in the request's record.
 *
 * @module
 */

import { hasTools, rebaseParts } from "../../chat/transcript_rebase.ts";
import {
  type Ask,
  type Input,
  keepsTranscript,
  type Speaker,
  takeTurn,
  UnreadPromptError,
} from "../../chat/chat_turn.ts";
import {
  type HearTurn,
  type TakePart,
  thinkWithin,
} from "../../chat/thought/thought_budget.ts";
import type { ScoreQuery } from "../../engine/engine.ts";
import type {
  RequestRecord,
  TurnRecord,
} from "../../observe/request_record.ts";
import type { SaveFile } from "../../state/save_format.ts";
import type { Save } from "../../state/save.ts";
import { spokenTurns } from "../../state/transcript.ts";
import { inSteps } from "../../steps.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { encoding } from "../../text/stepwise_encoding.ts";
import { GREEDY } from "../../text/sampling_options.ts";
import { codeOf } from "../problem.ts";
import { type RebaseReport, Rebasing } from "./rebasing.ts";
import { TimeLimit } from "./time_limit.ts";

/** Whose request it is, and what its turns may take. */
export interface Caller {
  /** The tenant: turns of several are served by turns. */
  readonly tenant: string;
  /**
   * Seconds that a turn may take, waiting for a lane included; unlimited by default.
   */
  readonly timeout?: number | undefined;
  /** Told how many tokens a turn has read and written. */
  readonly spend: (tokens: number) => void;
}

/** Takes the turns of one request. */
export class RequestTurns {
  readonly #speaker: Speaker;
  readonly #caller: Caller;
  readonly #record: RequestRecord;
  #rebasing: Rebasing | undefined;

  /** Takes none yet. */
  constructor(speaker: Speaker, caller: Caller, record: RequestRecord) {
    this.#speaker = speaker;
    this.#caller = caller;
    this.#record = record;
  }

  /**
   * Lets turns that go on with a state of another model read its text anew first,
   * once for all of them.
   *
   * @param old Has a transcript.
   * @returns What turns name as what they go on from.
   */
  rebase(old: SaveFile): Save {
    const { told: _, ...chat } = old.save.chat;
    // What describes tools is the template's own: they are to be told again.
    const save = hasTools(old.save) ? { ...old.save, chat } : old.save;
    this.#rebasing = new Rebasing(save, old.format.fingerprint.toHex());
    return save;
  }

  /** What became of a state of another model, once it has been read anew. */
  get rebased(): RebaseReport | undefined {
    return this.#rebasing?.report;
  }

  /**
   * Takes a turn, as {@linkcode takeTurn} does; with a bounded thought, several.
   * Where it begins with reading a text anew, events without text say how far that
   * is.
   *
   * @param hear Told of each event before the next is made; the turn is given up
   * once it wants no more.
   */
  async take(ask: Ask, signal: AbortSignal, hear: HearTurn): Promise<void> {
    const rebasing = this.#rebasing;
    if (rebasing !== undefined && ask.save === rebasing.old) {
      // What the policy forbids is refused before the work.
      keepsTranscript(ask, this.#speaker.transcripts);
      const read = () => this.#readAnew(rebasing, signal);
      const save = await rebasing.follow(read, hear);
      return save && await this.take({ ...ask, save }, signal, hear);
    }
    const { thinkTokens: most, effort } = ask;
    const take: TakePart = (ask, signal, hear) =>
      this.#takeOneTurn(ask, signal, hear, this.#caller.spend);
    if (most === undefined || !effort || effort === "none") {
      return await take(ask, signal, hear);
    }
    const { tokenizer } = this.#speaker.engine;
    await thinkWithin(most, take, ask, { signal, hear, tokenizer });
  }

  /** Reads the text of another model's state, and charges for it beforehand. */
  async #readAnew(rebasing: Rebasing, signal: AbortSignal): Promise<Save> {
    const { timeout, spend } = this.#caller;
    const { engine: { tokenizer }, transcripts } = this.#speaker;
    const { old } = rebasing;
    const words = old.transcript ? spokenTurns(old.transcript, old.unread) : [];
    let count = 0;
    for (const { text } of words) {
      count += (await inSteps(encoding(text, tokenizer))).length;
    }
    spend(count);
    rebasing.begin(count);
    using limit = new TimeLimit(timeout, signal);
    let save: Save | undefined;
    const hear = (before: number): HearTurn => (event) => {
      if (event.type !== "done") return Promise.resolve(true);
      if (event.finish === "cancelled") {
        throw new UnreadPromptError(event.save.unread.length);
      }
      rebasing.advance(before + event.usage.promptTokens);
      save = event.save;
      return Promise.resolve(true);
    };
    try {
      for (const { input, open, bos } of rebaseParts(old)) {
        const before = rebasing.read;
        const ask = {
          ...reading(save, input),
          bos,
          answers: open,
          goOn: open,
          tell: true,
          transcript: transcripts !== "never",
          progress: (read: number) => rebasing.advance(before + read),
        };
        await this.#takeOneTurn(ask, limit.signal, hear(before), () => {});
      }
    } catch (error) {
      throw limit.reasonOf(error);
    }
    spend(rebasing.read - count);
    if (save === undefined) throw new Error("A transcript had no turns");
    const { chat: { told } } = old;
    return {
      ...save,
      seed: old.seed,
      chat: { ...save.chat, ...(told !== undefined && { told }) },
    };
  }

  async #takeOneTurn(
    ask: Ask,
    signal: AbortSignal,
    hear: HearTurn,
    spend: Caller["spend"],
  ): Promise<void> {
    const { tenant, timeout } = this.#caller;
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
    transcript?: Ask["transcript"],
  ): Promise<Save> {
    const turn = { ...reading(save, input), transcript };
    let left: Save | undefined;
    await this.take(turn, signal, (event) => {
      if (event.type === "done") left = event.save;
      return Promise.resolve(true);
    });
    if (left === undefined) throw new Error("A turn had no end");
    return left;
  }

  /** A save that can be sealed: another model's is read anew first. */
  async settled(
    save: Save | undefined,
    signal: AbortSignal,
  ): Promise<Save | undefined> {
    return save !== undefined && save === this.#rebasing?.old
      ? await this.read(save, { prompt: "" }, signal)
      : save;
  }

  /** Scores texts, as the engine does. */
  async score(
    query: ScoreQuery,
    signal: AbortSignal,
  ): Promise<ScoredToken[][]> {
    const { save } = query;
    if (save !== undefined && save === this.#rebasing?.old) {
      const text = { prompt: "" };
      const read = await this.read(save, text, signal, "unsealed");
      return await this.score({ ...query, save: read }, signal);
    }
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

/** A turn that only reads. */
function reading(save: Save | undefined, input: Input): Ask {
  return {
    save,
    input,
    maxTokens: 0,
    sampling: GREEDY,
    seed: undefined,
    stops: [],
  };
}
