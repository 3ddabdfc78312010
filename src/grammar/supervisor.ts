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
import type { AnswerPrefix, Constraint, Grammar, Grammars } from "./grammar.ts";
import type { GrammarReply, GrammarStart, Question } from "./messages.ts";
import { failed, maskOf } from "./replies.ts";
import { screen } from "./screen.ts";
import { type Failure, GrammarThread } from "./thread.ts";

/** How to follow grammars. */
export interface GrammarSupervisorOptions {
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
export function superviseGrammars(options: GrammarSupervisorOptions): Grammars {
  return new Supervisor(options);
}

class Supervisor implements Grammars {
  readonly #options: GrammarSupervisorOptions;
  #thread: GrammarThread | undefined;
  #turn = Promise.resolve();
  #next = 0;
  readonly #waiting: Waiting[] = [];

  constructor(options: GrammarSupervisorOptions) {
    this.#options = options;
  }

  async open(grammar: Grammar, beginning: AnswerPrefix): Promise<Constraint> {
    const plain = screen(grammar);
    const answer = new Answer(this, this.#next++, plain, beginning);
    await answer.begin();
    return answer;
  }

  close(): void {
    this.#thread?.end();
    this.#thread = undefined;
  }

  /**
   * Finds what may come next in an answer whose last token may be new to the thread.
   * Answers of one step of the model come together and are asked for together.
   */
  advance(answer: Answer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ answer, resolve, reject });
    if (this.#waiting.length === 1) void this.#inTurn(() => this.#flush());
    return promise;
  }

  /** Makes the thread forget an answer, if it still knows it. */
  forget({ id, thread }: Answer): void {
    void this.#inTurn(async () => {
      if (thread === undefined || thread !== this.#thread) return;
      const { patience = PATIENCE } = this.#options;
      const replies = await thread.ask([{ name: "close", id }], patience);
      if (failed(replies)) this.close();
    });
  }

  /** Does one thing after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#turn = this.#turn.then(work);
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    const alone = waiting.filter(({ answer }) => this.#isNew(answer));
    const together = waiting.filter((one) =>
      !alone.includes(one) && !one.answer.closed
    );
    const replies = await this.#ask(together.map(({ answer }) => answer));
    if (together.length > 1 && failed(replies)) {
      // One of them is to blame: each is asked for on a thread without the others.
      alone.unshift(...together);
    } else {
      together.forEach((one, i) => settle(one, replies, i));
    }
    for (const one of alone) {
      if (!one.answer.closed) settle(one, await this.#ask([one.answer]));
    }
    for (const { answer, resolve } of waiting) if (answer.closed) resolve();
  }

  /** Whether the thread has to compile the answer's grammar first. */
  #isNew({ thread }: Answer): boolean {
    return thread === undefined || thread !== this.#thread;
  }

  async #ask(
    answers: readonly Answer[],
  ): Promise<readonly GrammarReply[] | Failure> {
    if (answers.length === 0) return [];
    const { patience = PATIENCE } = this.#options;
    const fresh = this.#thread === undefined;
    const thread = this.#thread ??= new GrammarThread(this.#start());
    const questions = answers.map((answer) => answer.question(thread));
    const replies = await thread.ask(
      questions,
      patience + (fresh ? STARTING : 0),
    );
    if (failed(replies)) {
      thread.end();
      if (this.#thread === thread) this.#thread = undefined;
    }
    return replies;
  }

  #start(): GrammarStart {
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
  thread: GrammarThread | undefined;
  #mask = new Uint32Array();
  #closed = false;

  constructor(
    supervisor: Supervisor,
    id: number,
    grammar: Grammar,
    { tokens, space }: AnswerPrefix,
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

  /** Whether nobody asks any more. */
  get closed(): boolean {
    return this.#closed;
  }

  async begin(): Promise<void> {
    await this.#supervisor.advance(this);
  }

  async accept(token: number): Promise<void> {
    if (this.#closed) return;
    this.tokens.push(token);
    await this.#supervisor.advance(this);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#supervisor.forget(this);
  }

  /** What to ask a thread, which follows the answer from now on. */
  question(thread: GrammarThread): Question {
    const { id, grammar, space, tokens } = this;
    const known = this.thread === thread;
    this.thread = thread;
    return known
      ? { name: "accept", id, token: tokens[tokens.length - 1] }
      : { name: "open", id, grammar, space, tokens };
  }

  /** Takes the next mask. */
  take(mask: Uint32Array<ArrayBuffer>): void {
    this.#mask = mask;
  }
}

/** An answer whose next mask is waited for. */
interface Waiting {
  readonly answer: Answer;
  readonly resolve: () => void;
  readonly reject: (error: RequestError) => void;
}

function settle(
  { answer, resolve, reject }: Waiting,
  replies: readonly GrammarReply[] | Failure,
  i = 0,
): void {
  const found = maskOf("failure" in replies ? replies : replies[i], answer);
  if (found instanceof Error) return reject(found);
  answer.take(found);
  resolve();
}
