/**
 * A conversation that keeps its own memory: the save of every turn, so that it
 * can be forked and turns can be taken back.
 *
 * @module
 */

import type { ChatMessage, Client, GenerateOptions } from "./client.ts";

/** A conversation with a model. */
export class Conversation {
  readonly #client: Client;
  readonly #options: Omit<GenerateOptions, "state">;
  readonly #begin: string | undefined;
  readonly #saves: string[] = [];

  /**
   * Begins a conversation, or goes on with one.
   *
   * @param client The server.
   * @param options How to draw, in every turn.
   * @param save What to go on from.
   */
  constructor(
    client: Client,
    options: Omit<GenerateOptions, "state"> = {},
    save?: string,
  ) {
    this.#client = client;
    this.#options = options;
    this.#begin = save;
  }

  /** What to go on from: absent before the first turn. */
  get save(): string | undefined {
    return this.#saves.at(-1) ?? this.#begin;
  }

  /**
   * Says something, and gives the answer piece by piece. A turn that is left
   * before its end has not happened.
   *
   * @throws {ApiError} If the server refuses, or fails on the way.
   */
  async *say(
    message: string | readonly ChatMessage[],
    signal?: AbortSignal,
  ): AsyncGenerator<string, void> {
    const { save } = this;
    const messages = typeof message === "string"
      ? [{ role: "user" as const, content: message }]
      : message;
    const { initial, ...options } = this.#options;
    const events = this.#client.stream({
      ...options,
      messages,
      ...(save !== undefined
        ? { state: save }
        : initial !== undefined && { initial }),
    }, signal);
    for await (const event of events) {
      if (event.type === "text") yield event.text;
      else if (event.state !== undefined) this.#saves.push(event.state);
    }
  }

  /** Another conversation with the same past. */
  fork(): Conversation {
    const twin = new Conversation(this.#client, this.#options, this.#begin);
    twin.#saves.push(...this.#saves);
    return twin;
  }

  /** Takes back the last turn held here; false if there is none. */
  undo(): boolean {
    return this.#saves.pop() !== undefined;
  }
}
