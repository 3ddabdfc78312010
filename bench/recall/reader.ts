/**
 * Reads a haystack part by part, with a save sealed and opened after each. A reader
 * can be forked, as saves can: texts that begin alike are read once.
 *
 * @module
 */

import type { Exchange } from "../../lab/curse/dialogue.ts";
import type { Subject, Token } from "./subject.ts";

/** Tokens of a part, about: as many as the engine reads in one step. */
const PART = 256;

/** Tokens that the frame of an exchange has: names of speakers, ends of turns. */
const FRAME = 8;

/** Hay by its place, the same for every reader. */
export function hayOf(next: () => Exchange): (at: number) => Exchange {
  const hay: Exchange[] = [];
  return (at) => {
    while (hay.length <= at) hay.push(next());
    return hay[at];
  };
}

/** A place in a text, and all that was read before it. */
export class Reader {
  readonly #subject: Subject;
  readonly #hay: (at: number) => Exchange;
  #token: Token;
  #position = 0;
  #next = 0;
  #read: Exchange[] = [];

  /** Has read nothing. */
  constructor(subject: Subject, hay: (at: number) => Exchange) {
    this.#subject = subject;
    this.#hay = hay;
  }

  /** The save here. */
  get token(): Token {
    return this.#token;
  }

  /** Tokens read. */
  get position(): number {
    return this.#position;
  }

  /** All that was read. */
  get text(): readonly Exchange[] {
    return this.#read;
  }

  /** Another reader at the same place. */
  fork(): Reader {
    const twin = new Reader(this.#subject, this.#hay);
    twin.#token = this.#token;
    twin.#position = this.#position;
    twin.#next = this.#next;
    twin.#read = [...this.#read];
    return twin;
  }

  /** Reads exchanges as one part. */
  async tell(...exchanges: readonly Exchange[]): Promise<void> {
    if (exchanges.length === 0) return;
    const read = await this.#subject.read(exchanges, this.#token);
    [this.#token, this.#position] = read;
    this.#read.push(...exchanges);
  }

  /** Reads hay until `position`, or a little further. */
  async until(position: number): Promise<void> {
    while (this.#position < position) {
      const most = Math.min(PART, position - this.#position);
      const part: Exchange[] = [];
      for (let tokens = 0; tokens < most;) {
        const exchange = this.#hay(this.#next++);
        part.push(exchange);
        tokens += FRAME + this.#subject.length(exchange.user) +
          this.#subject.length(exchange.reply);
      }
      await this.tell(...part);
    }
  }
}
