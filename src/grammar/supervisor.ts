/**
 * Grammars in a thread of their own, started when the first one is asked for. If
 * the thread hangs or fails, the answer that it worked on is given up and a new
 * thread takes over: other answers are put where they were by the tokens they have
 * so far.
 *
 * @module
 */

import type { RequestError } from "../errors.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Beginning, Constraint, Grammar, Grammars } from "./grammar.ts";
import type { Reply, Start } from "./messages.ts";
import { refusedGrammar } from "./refusal.ts";
import { screen } from "./screen.ts";
import { Thread } from "./thread.ts";

/** How to follow grammars. */
export interface SupervisorOptions {
  /** The model's own. */
  readonly tokenizer: Tokenizer;
  /** Bits of a mask: the model's vocabulary. */
  readonly V: number;
  /** Milliseconds that a grammar or a token may take; 3000 by default. */
  readonly patience?: number;
}

/** Milliseconds that a grammar or a token may take, if nothing else is said. */
const PATIENCE = 3000;

/** Milliseconds that a new thread gets besides, to read the vocabulary. */
const STARTING = 25_000;

/** Grammars for one model. */
export function superviseGrammars(options: SupervisorOptions): Grammars {
  return new Supervisor(options);
}

class Supervisor implements Grammars {
  readonly #options: SupervisorOptions;
  #thread: Thread | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #next = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  async open(grammar: Grammar, beginning: Beginning): Promise<Constraint> {
    const plain = screen(grammar);
    const answer = new Answer(this, this.#next++, plain, beginning);
    await answer.begin();
    return answer;
  }

  close(): void {
    this.#thread?.end();
    this.#thread = undefined;
  }

  /** Does one thing after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** What may come next in an answer whose last token may be new to the thread. */
  async next(answer: Answer): Promise<Uint32Array<ArrayBuffer>> {
    const { patience = PATIENCE } = this.#options;
    const fresh = this.#thread === undefined;
    const thread = this.#thread ??= new Thread(this.#start());
    const { id, grammar, space, tokens } = answer;
    const known = answer.thread === thread;
    answer.thread = thread;
    const reply = await thread.ask(
      known
        ? { name: "accept", id, token: tokens[tokens.length - 1] }
        : { name: "open", id, grammar, space, tokens },
      patience + (fresh ? STARTING : 0),
    );
    if ("failure" in reply) {
      thread.end();
      if (this.#thread === thread) this.#thread = undefined;
    }
    return maskOf(reply, answer);
  }

  /** Makes the thread forget an answer, if it still knows it. */
  async forget({ id, thread }: Answer): Promise<void> {
    if (thread === undefined || thread !== this.#thread) return;
    const { patience = PATIENCE } = this.#options;
    const reply = await thread.ask({ name: "close", id }, patience);
    if ("failure" in reply) this.close();
  }

  #start(): Start {
    const { tokenizer, V } = this.#options;
    const ends = new Uint32Array(tokenizer.size);
    const bytes: number[] = [];
    for (let token = 0; token < tokenizer.size; token++) {
      bytes.push(...tokenizer.bytes(token));
      ends[token] = bytes.length;
    }
    return { bytes: Uint8Array.from(bytes), ends, end: tokenizer.end, V };
  }
}

class Answer implements Constraint {
  readonly #supervisor: Supervisor;
  readonly id: number;
  readonly grammar: Grammar;
  readonly space: boolean;
  /** All tokens of the answer, the last of them perhaps new. */
  readonly tokens: number[];
  /** The thread that has followed the answer so far. */
  thread: Thread | undefined;
  #mask = new Uint32Array();
  #closed = false;

  constructor(
    supervisor: Supervisor,
    id: number,
    grammar: Grammar,
    { tokens, space }: Beginning,
  ) {
    this.#supervisor = supervisor;
    this.id = id;
    this.grammar = grammar;
    this.space = space;
    this.tokens = [...tokens];
  }

  get mask(): Uint32Array {
    return this.#mask;
  }

  async begin(): Promise<void> {
    await this.#supervisor.inTurn(() => this.#step());
  }

  async accept(token: number): Promise<void> {
    await this.#supervisor.inTurn(async () => {
      if (this.#closed) return;
      this.tokens.push(token);
      await this.#step();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#supervisor.inTurn(() => this.#supervisor.forget(this));
  }

  async #step(): Promise<void> {
    this.#mask = await this.#supervisor.next(this);
  }
}

function maskOf(
  reply: Reply,
  { grammar, tokens }: Answer,
): Uint32Array<ArrayBuffer> {
  if ("failure" in reply) {
    throw refused(`its ${grammar.type} grammar cannot be followed`, reply);
  }
  if ("misfit" in reply) {
    throw refused(
      tokens.length === 0
        ? "the grammar takes no text"
        : "what is written already does not fit the grammar",
    );
  }
  if (reply.mask.every((word) => word === 0)) {
    throw refused("the grammar allows no token here");
  }
  return reply.mask;
}

function refused(found: string, reply?: { failure: string }): RequestError {
  const [line = ""] = reply?.failure.split("\n") ?? [];
  return refusedGrammar(
    found + (line === "" ? "" : `: ${line.slice(0, 300)}`),
  );
}
