/**
 * A chat with a loaded model in the embedded model's template, greedy, state by
 * state: without an engine, so that one state can be asked many questions.
 *
 * @module
 */

import type { DeviceModel } from "../../src/device/device.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import type { Exchange } from "./dialogue.ts";

/** More tokens than any right answer has. */
const MOST_ANSWER_TOKENS = 40;

/** Lane 0 holds the conversation; the others answer questions about it. */
export class Chat {
  /** What it talks to. */
  readonly model: DeviceModel;
  readonly #tokenizer: Tokenizer;
  readonly #stopTokens: ReadonlySet<number>;

  /** A chat with `model`, which has at least two lanes. */
  constructor(model: DeviceModel, tokenizer: Tokenizer) {
    this.model = model;
    this.#tokenizer = tokenizer;
    this.#stopTokens = new Set([tokenizer.end, ...tokenizer.encode("\n\n")]);
  }

  /** The tokens of an exchange, the end of the reply included. */
  tokens({ user, reply }: Exchange): number[] {
    return [
      ...this.#chatPrompt(user),
      ...this.#tokenizer.encode(` ${reply}\n\n`),
    ];
  }

  /** Forgets the conversation and reads another. */
  async restart(exchanges: readonly Exchange[]): Promise<void> {
    await this.model.clear(0);
    await this.read(exchanges.flatMap((exchange) => this.tokens(exchange)));
  }

  /** Reads on. */
  async read(tokens: readonly number[]): Promise<void> {
    if (tokens.length === 0) return;
    await this.model.step([{ lane: 0, tokens, draw: 0 }]);
  }

  /** How many of `questions` the model answers word for word. */
  async exact(questions: readonly Exchange[]): Promise<number> {
    const room = this.model.lanes - 1;
    let right = 0;
    for (let from = 0; from < questions.length; from += room) {
      const some = questions.slice(from, from + room);
      const replies = await this.#replies(some.map(({ user }) => user));
      right += some.filter(({ reply }, i) => reply === replies[i]).length;
    }
    return right;
  }

  async #replies(messages: readonly string[]): Promise<string[]> {
    for (const i of messages.keys()) await this.model.copy(0, i + 1);
    const results = await this.model.step(messages.map((message, i) => ({
      lane: i + 1,
      tokens: this.#chatPrompt(message),
      draw: MOST_ANSWER_TOKENS,
      sampling: GREEDY,
      stopTokens: this.#stopTokens,
    })));
    return results.map(({ drawn, stopped }) => {
      const bytes = drawn.slice(0, stopped ? -1 : undefined)
        .flatMap((token) => [...this.#tokenizer.bytes(token)]);
      return new TextDecoder().decode(Uint8Array.from(bytes)).trim();
    });
  }

  #chatPrompt(message: string): number[] {
    return this.#tokenizer.encode(`User: ${message}\n\nAssistant:`);
  }
}
