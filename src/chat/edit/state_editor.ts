/**
 * A model that is taught, made to forget, and asked what came of it: turns and
 * likelihoods, for any caller that counts and bounds them.
 *
 * @module
 */

import type { DoneEvent, ScoreQuery } from "../../engine/engine.ts";
import { TimeLimitError } from "../../errors.ts";
import type { Save } from "../../state/save.ts";
import { inSteps } from "../../steps.ts";
import type { ScoredToken } from "../../text/logprobs.ts";
import { encoding } from "../../text/stepwise_encoding.ts";
import { GREEDY } from "../../text/sampling_options.ts";
import { WORLD } from "../template/chat_forms.ts";
import { headDigest, splitHead } from "../conversation_head.ts";
import { BLANK_PHASE, type Message } from "../template/world_form.ts";
import type { HearTurn } from "../thought/thought_budget.ts";
import type { Ask, Input, Speaker } from "../chat_turn.ts";
import { unforeseenWords } from "./fact_words.ts";

/** Tokens of the longest reply to a statement, and to a question asked afterwards. */
export const LONGEST_REPLY = 64;

/** A question, and the answer that shows that something is known. */
export interface Fact {
  /** What is asked. */
  readonly question: string;
  /** What is answered by one who knows. */
  readonly answer: string;
}

/** How likely an answer is. */
export interface Likelihood {
  /** Natural logarithm of its probability. */
  readonly logprob: number;
  /** Its tokens. */
  readonly tokens: number;
}

/** Something said to the model; it replies by itself where no reply is given. */
export interface Lesson {
  /** What the user says. */
  readonly user: string;
  /** What the assistant replies. */
  readonly assistant?: string | undefined;
}

/** Something said, and the reply to learn from. */
export interface Example extends Lesson {
  /** What the assistant replies. */
  readonly assistant: string;
}

/** Takes turns, as those of a request are taken. */
export interface EditTurns {
  /** Takes a turn, telling each event; it goes on while it is wished for. */
  take(ask: Ask, signal: AbortSignal, hear: HearTurn): Promise<void>;
  /** Reads without writing. */
  read(
    save: Save | undefined,
    input: Input,
    signal: AbortSignal,
    transcript?: boolean,
  ): Promise<Save>;
  /** Scores texts. */
  score(query: ScoreQuery, signal: AbortSignal): Promise<ScoredToken[][]>;
}

/** What an editor works with. */
export interface EditorOptions {
  /** The model. */
  readonly speaker: Speaker;
  /** Takes its turns. */
  readonly turns: EditTurns;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** Reads and asks; a save that is `undefined` is the blank state. */
export class Editor {
  readonly #speaker: Speaker;
  readonly #engineTurns: EditTurns;
  readonly #signal: AbortSignal;
  /** Tokens of texts that were counted. */
  readonly #promptLengths = new Map<string, number>();

  /** Has done nothing yet. */
  constructor({ speaker, turns, signal }: EditorOptions) {
    this.#speaker = speaker;
    this.#engineTurns = turns;
    this.#signal = signal;
  }

  /** How many tokens a text has. */
  length(text: string): number {
    return this.#promptLengths.get(text) ??
      this.#speaker.engine.tokenizer.encode(text).length;
  }

  /**
   * Counts the tokens of texts in steps: {@linkcode length} knows them afterwards,
   * however often it is asked.
   */
  async count(texts: Iterable<string>): Promise<void> {
    await inSteps(this.#countingTurns(texts));
  }

  *#countingTurns(texts: Iterable<string>): Generator<void, void> {
    const { tokenizer } = this.#speaker.engine;
    for (const text of texts) {
      if (this.#promptLengths.has(text)) continue;
      const tokens = yield* encoding(text, tokenizer);
      this.#promptLengths.set(text, tokens.length);
      yield;
    }
  }

  /** How likely each fact's answer is after its question, each by itself. */
  async likelihoods(
    save: Save | undefined,
    facts: readonly Fact[],
  ): Promise<Likelihood[]> {
    const scored = await this.#scoreAnswers(save, facts);
    return scored.map(({ tokens }) => ({
      logprob: tokens.reduce((sum, { logprob }) => sum + logprob, 0),
      tokens: tokens.length,
    }));
  }

  /** The words of each fact's answer that are not foreseen after its question. */
  async unforeseen(
    save: Save | undefined,
    facts: readonly Fact[],
  ): Promise<string[][]> {
    const { tokenizer } = this.#speaker.engine;
    const scored = await this.#scoreAnswers(save, facts);
    return scored.map(({ answer, tokens }) =>
      unforeseenWords(answer, tokens, (token) => tokenizer.bytes(token))
    );
  }

  async #scoreAnswers(
    save: Save | undefined,
    facts: readonly Fact[],
  ): Promise<{ answer: string; tokens: ScoredToken[] }[]> {
    if (facts.length === 0) return [];
    const { template = WORLD, bos } = this.#speaker;
    const openings = await Promise.all(
      facts.map(({ question }) =>
        template.open([{ role: "user", content: question }], {
          phase: save?.chat ?? BLANK_PHASE,
          begun: save !== undefined,
          answer: true,
          effort: "none",
        })
      ),
    );
    const answers = facts.map(({ answer }, i) =>
      (openings[i]?.space ? " " : "") + answer
    );
    const begins = openings[0]?.bos ?? bos?.chat;
    const scores = await this.#engineTurns.score({
      ...(save !== undefined && { save }),
      ...(begins !== undefined && { bos: begins }),
      texts: openings.map(({ prompt }, i) => [
        ...typeof prompt === "string" ? [prompt] : prompt,
        answers[i] ?? "",
      ]),
    }, this.#signal);
    return scores.map((scored, i) => {
      const answer = answers[i] ?? "";
      const tokens = scored.slice(scored.length - this.length(answer));
      return { answer, tokens };
    });
  }

  /**
   * Says something and gives the reply, greedy, and what that leaves.
   *
   * @throws {TimeLimitError} If the turn was cut off.
   */
  async say(
    save: Save | undefined,
    content: string,
  ): Promise<{ readonly reply: string; readonly save: Save }> {
    let reply = "";
    let left: DoneEvent | undefined;
    await this.#engineTurns.take(
      {
        save,
        input: { messages: [{ role: "user", content }] },
        maxTokens: LONGEST_REPLY,
        sampling: GREEDY,
        seed: undefined,
        stops: [],
      },
      this.#signal,
      (event) => {
        if (event.type === "done") left = event;
        else reply += event.text;
        return Promise.resolve(true);
      },
    );
    if (left === undefined) throw new Error("A turn had no end");
    // Half a lesson must not be measured as one.
    if (left.finish === "cancelled") {
      throw new TimeLimitError(
        "ERR_TIME_LIMIT",
        "Cannot edit state: one of its turns was cut off by the time limit, or " +
          "because the server ends; go on from the state that was sent",
      );
    }
    return { reply, save: left.save };
  }

  /**
   * Goes through lessons in their order; those with a reply are only read.
   *
   * @param told Is given each lesson with its reply.
   */
  async follow(
    save: Save | undefined,
    lessons: readonly Lesson[],
    told: (example: Example) => void = () => {},
  ): Promise<Save | undefined> {
    let last = save;
    let messages: Message[] = [];
    const read = async () => {
      if (messages.length === 0) return;
      last = await this.read(last, messages);
      messages = [];
    };
    for (const { user, assistant } of lessons) {
      if (assistant === undefined) {
        await read();
        const { reply, save } = await this.say(last, user);
        last = save;
        told({ user, assistant: reply });
      } else {
        told({ user, assistant });
        messages.push(
          { role: "user", content: user },
          { role: "assistant", content: assistant },
        );
      }
    }
    await read();
    return last;
  }

  /** Reads messages; none give the state as it is, begun if it was not. */
  read(save: Save | undefined, messages: readonly Message[]): Promise<Save> {
    const input = messages.length === 0 ? { prompt: "" } : { messages };
    return this.#engineTurns.read(save, input, this.#signal);
  }

  /**
   * Reads what another state was told.
   *
   * @param transcript Whether a text that begins here has a transcript.
   */
  async readAll(
    save: Save | undefined,
    told: readonly Input[],
    transcript = false,
  ): Promise<Save> {
    const keep = transcript || undefined;
    const [first = { prompt: "" }, ...others] = told;
    let last = await this.#engineTurns.read(save, first, this.#signal, keep);
    // So that the system's words are not told again in the next turn.
    if (save === undefined && "messages" in first) {
      const told = headDigest(splitHead(first.messages).head);
      last = {
        ...last,
        chat: { ...last.chat, ...(told !== undefined && { told }) },
      };
    }
    for (const input of others) {
      last = await this.#engineTurns.read(last, input, this.#signal);
    }
    return last;
  }
}
