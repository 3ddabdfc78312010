/**
 * The model under test, talked to as a client would talk: nothing is carried from
 * turn to turn but a sealed token.
 *
 * @module
 */

import { WORLD } from "../../src/chat/template/chat_forms.ts";
import {
  BLANK_PHASE,
  type Message,
} from "../../src/chat/template/world_form.ts";
import { takeTurn } from "../../src/chat/chat_turn.ts";
import type { Services } from "../../src/http/services.ts";
import type { CodecName, Save } from "../../src/state/save.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import type { Exchange } from "../../lab/curse/dialogue.ts";

/** A token, as a client holds it; absent before the first message. */
export type Token = Uint8Array<ArrayBuffer> | undefined;

/** A model to talk to. */
export type Partner = Omit<Services, "grammars" | "portable" | "initial">;

/** What talking has cost. */
export interface Cost {
  /** Tokens read. */
  readonly read: number;
  /** Tokens drawn. */
  readonly drawn: number;
  /** Saves sealed, each of which was opened at least once. */
  readonly saves: number;
  /** Bytes of the largest of them. */
  readonly largestSave: number;
}

/** How to talk. */
export interface SubjectOptions {
  /** Codec of every save. */
  readonly codec: CodecName;
  /** Tokens of the longest answer. */
  readonly longest: number;
}

/** Tokens that an answer may have: more than any right one. */
export const LONGEST = 120;

const { signal } = new AbortController();

/** A model that is asked what it remembers. */
export class Subject {
  readonly #partner: Partner;
  readonly #options: SubjectOptions;
  readonly #cost = { read: 0, drawn: 0, saves: 0, largestSave: 0 };

  /** Talks to `partner`. */
  constructor(partner: Partner, options: Partial<SubjectOptions> = {}) {
    this.#partner = partner;
    this.#options = { codec: "int8", longest: LONGEST, ...options };
  }

  /** What all of it has cost so far. */
  get cost(): Cost {
    return { ...this.#cost };
  }

  /** How many tokens a text has. */
  length(text: string): number {
    return this.#partner.engine.tokenizer.encode(text).length;
  }

  /** Sends one message; gives the reply and the next token. */
  async say(content: string, token: Token): Promise<[string, Token]> {
    const { reply, save } = await this.#turn(
      [{ role: "user", content }],
      await this.#open(token),
      this.#options.longest,
    );
    return [reply, await this.#seal(save)];
  }

  /** Asks without going on from the answer; `before` is read in the same turn. */
  async ask(
    content: string,
    token: Token,
    before: readonly Exchange[] = [],
  ): Promise<string> {
    const messages = [...history(before), { role: "user", content } as const];
    const save = await this.#open(token);
    return (await this.#turn(messages, save, this.#options.longest)).reply;
  }

  /** Reads exchanges that have taken place; gives the token and its position. */
  async read(
    exchanges: readonly Exchange[],
    token: Token,
  ): Promise<readonly [Token, number]> {
    const before = await this.#open(token);
    const { save } = await this.#turn(history(exchanges), before, 0);
    return [await this.#seal(save), save.position];
  }

  /** Index of the reply that is likeliest a token, after a question. */
  async choose(
    content: string,
    replies: readonly string[],
    token: Token,
  ): Promise<number> {
    const { engine, template = WORLD, bos } = this.#partner;
    const save = await this.#open(token);
    const opening = await template.open([{ role: "user", content }], {
      phase: save?.chat ?? BLANK_PHASE,
      begun: save !== undefined,
      answer: true,
      effort: "none",
    });
    const { prompt, space } = opening;
    const pieces = typeof prompt === "string" ? [prompt] : prompt;
    const begins = opening.bos ?? bos?.chat;
    const scores = await engine.score({
      ...(save !== undefined && { save }),
      ...(begins !== undefined && { bos: begins }),
      texts: replies.map((reply) => [...pieces, (space ? " " : "") + reply]),
    }, signal);
    const means = scores.map((tokens, i) => {
      const count = this.length((space ? " " : "") + replies[i]);
      const sum = tokens.slice(-count)
        .reduce((sum, { logprob }) => sum + logprob, 0);
      return sum / count;
    });
    return means.indexOf(Math.max(...means));
  }

  async #turn(
    messages: readonly Message[],
    save: Save | undefined,
    maxTokens: number,
  ): Promise<{ reply: string; save: Save }> {
    let reply = "";
    const events = takeTurn(this.#partner, {
      save,
      input: { messages },
      maxTokens,
      sampling: GREEDY,
      seed: 0,
      stops: [],
    }, signal);
    for await (const event of events) {
      if (event.type === "text") reply += event.text;
      else {
        this.#cost.read += event.usage.promptTokens;
        this.#cost.drawn += event.usage.completionTokens;
        return { reply, save: event.save };
      }
    }
    throw new Error("Cannot go on: the turn ended without its last event");
  }

  async #open(token: Token): Promise<Save | undefined> {
    return token && await this.#partner.vault.open(token, {});
  }

  async #seal(save: Save): Promise<Token> {
    const { codec } = this.#options;
    const { token, bytes } = await this.#partner.vault.sealBytes(save, {
      codec,
    });
    this.#cost.saves++;
    this.#cost.largestSave = Math.max(this.#cost.largestSave, bytes);
    return token;
  }
}

/** Exchanges as messages. */
function history(exchanges: readonly Exchange[]): Message[] {
  return exchanges.flatMap(({ user, reply }): Message[] => [
    { role: "user", content: user },
    { role: "assistant", content: reply },
  ]);
}
