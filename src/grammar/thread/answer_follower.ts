/**
 * Answers followed through their grammars by a thread, started when the first one
 * is asked for. If the thread fails, the answer that it worked on is given up and a
 * new thread takes over: other answers are put where they were by the tokens they
 * have so far.
 *
 * @module
 */

import type { RequestError } from "../../errors.ts";
import { MaskFeed } from "../../text/mask_feed.ts";
import type {
  AnswerPrefix,
  Constraint,
  Grammar,
  MaskLoan,
} from "../grammar.ts";
import type {
  GrammarReply,
  GrammarStart,
  Question,
} from "./thread_messages.ts";
import {
  DeadEndError,
  failed,
  failureOf,
  isEmptyMask,
  maskOf,
} from "./thread_replies.ts";
import { HELD_TOKENS, Retries } from "./answer_retries.ts";
import { type Failure, GrammarThread } from "./grammar_thread.ts";

/** How to follow answers. */
export interface FollowerOptions {
  /** What the thread begins with. */
  readonly start: () => GrammarStart;
  /** Milliseconds that a grammar or a token may take, once the thread is ready. */
  readonly patience: number;
}

/** What came of trying a grammar. */
export type Trial = Failure | { readonly steps: number };

/** An answer to follow. */
export interface FollowedAnswer extends AnswerPrefix {
  /** Its grammar, in words that the library keeps to. */
  readonly grammar: Grammar;
  /** Told if the grammar is at fault for the end of a thread. */
  readonly blame: (failure: Failure) => void;
}

const CLOSED_ANSWER: Failure = { failure: "it was closed", passing: true };

/** Follows answers. */
export class Follower {
  readonly #followerOptions: FollowerOptions;
  #grammarThread: GrammarThread | undefined;
  #followTurn = Promise.resolve();
  #nextMask = 0;
  #answerClosed = false;
  readonly #waitingForMask: WaitingAnswer[] = [];
  readonly #feeding: Feeding[] = [];

  /** Starts nothing yet. */
  constructor(options: FollowerOptions) {
    this.#followerOptions = options;
  }

  /** Begins an answer. */
  async open(followed: FollowedAnswer): Promise<Constraint> {
    const answer = new AnswerInWorker(this, this.#nextMask++, followed);
    await answer.begin();
    return answer;
  }

  /** Finds out whether a grammar can be used, and what it takes. */
  async try(grammar: Grammar): Promise<Trial> {
    const id = this.#nextMask++;
    let trial: Trial = CLOSED_ANSWER;
    await this.#inTurn(async () => {
      const replies = await this.#sendTokens(() => [
        { name: "open", id, grammar, space: false, tokens: [] },
        { name: "close", id },
      ]);
      const failure = failureOf(replies);
      const [reply] = failure === undefined ? replies as GrammarReply[] : [];
      trial = failure ?? trialOf(reply);
    });
    return trial;
  }

  /** Ends the thread, and starts no other. */
  close(): void {
    this.#answerClosed = true;
    this.#dropAnswer();
  }

  #dropAnswer(): void {
    this.#grammarThread?.end();
    this.#grammarThread = undefined;
  }

  /**
   * Finds what may come next in an answer whose last token may be new to the thread.
   * Answers of one step of the model come together and are asked for together.
   */
  advance(answer: AnswerInWorker): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waitingForMask.push({ answer, resolve, reject });
    if (this.#waitingForMask.length === 1) {
      void this.#inTurn(() => this.#flush());
    }
    return promise;
  }

  /**
   * Follows an answer, as its thread knows it, by the tokens of a feed. Answers whose
   * tokens are drawn in the same step are followed together.
   *
   * @returns How many tokens came, and the mask behind them. None if the thread
   * could not follow; the next question to it tells why.
   */
  follow(answer: AnswerInWorker, tokens: FedTokens): Promise<FollowedTokens> {
    const { promise, resolve } = Promise.withResolvers<FollowedTokens>();
    this.#feeding.push({ answer, tokens, resolve });
    if (this.#feeding.length === 1) void this.#inTurn(() => this.#feed());
    return promise;
  }

  async #feed(): Promise<void> {
    const feeding = this.#feeding.splice(0);
    const able = feeding.filter(({ answer }) =>
      !answer.closed && !this.isNew(answer)
    );
    const replies = able.length === 0
      ? []
      : await this.#sendTokens(() =>
        able.map(({ answer: { id }, tokens }) => ({
          name: "follow",
          id,
          ...tokens,
        }))
      );
    for (const one of feeding) {
      const at = able.indexOf(one);
      const reply = at < 0 || "failure" in replies ? undefined : replies[at];
      const { mask = undefined, taken = 0 } = reply && "mask" in reply
        ? reply
        : {};
      one.resolve({ taken, mask });
    }
  }

  /** Makes the thread forget an answer, if it still knows it. */
  forget({ id, thread }: AnswerInWorker): void {
    void this.#inTurn(async () => {
      if (thread === undefined || thread !== this.#grammarThread) return;
      const { patience } = this.#followerOptions;
      const replies = await thread.ask([{ name: "close", id }], patience);
      if (failed(replies)) this.#dropAnswer();
    });
  }

  /** Does one thing after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#followTurn = this.#followTurn.then(work);
  }

  async #flush(): Promise<void> {
    const waiting = this.#waitingForMask.splice(0);
    const alone = waiting.filter(({ answer }) => this.isNew(answer));
    const together = waiting.filter((one) =>
      !alone.includes(one) && !one.answer.closed
    );
    const replies = await this.#askThread(together.map(({ answer }) => answer));
    if (together.length > 1 && failed(replies)) {
      // One of them is to blame: each is asked for on a thread without the others.
      alone.unshift(...together);
    } else {
      together.forEach((one, i) => settle(one, replies, i));
    }
    for (const one of alone) {
      if (!one.answer.closed) settle(one, await this.#askThread([one.answer]));
    }
    for (const { answer, resolve } of waiting) if (answer.closed) resolve();
  }

  /** Whether the thread has to compile the answer's grammar first. */
  isNew({ thread }: AnswerInWorker): boolean {
    return thread === undefined || thread !== this.#grammarThread;
  }

  async #askThread(
    answers: readonly AnswerInWorker[],
  ): Promise<readonly GrammarReply[] | Failure> {
    if (answers.length === 0) return [];
    return await this.#sendTokens((thread) =>
      answers.map((answer) => answer.question(thread))
    );
  }

  async #sendTokens(
    questions: (thread: GrammarThread) => readonly Question[],
  ): Promise<readonly GrammarReply[] | Failure> {
    if (this.#answerClosed) return CLOSED_ANSWER;
    const { start, patience } = this.#followerOptions;
    let thread: GrammarThread;
    try {
      thread = this.#grammarThread ??= new GrammarThread(start());
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { failure, passing: true };
    }
    const replies = await thread.ask(questions(thread), patience);
    if (failed(replies)) {
      thread.end();
      if (this.#grammarThread === thread) this.#grammarThread = undefined;
    }
    return replies;
  }
}

function trialOf(reply: GrammarReply | undefined): Trial {
  if (reply !== undefined && "refused" in reply) {
    return { failure: reply.refused, refused: true };
  }
  if (reply === undefined || !("mask" in reply)) return { steps: 0 };
  return { steps: reply.unbounded === true ? Infinity : reply.steps ?? 0 };
}

/** One answer, followed in a worker. */
export class AnswerInWorker implements Constraint {
  readonly #follower: Follower;
  /** Its number in the worker. */
  readonly id: number;
  /** What it may be. */
  readonly grammar: Grammar;
  /** Told where following it has failed. */
  readonly blame: (failure: Failure) => void;
  /** Whether it begins with a space that is no part of it. */
  readonly space: boolean;
  /** All tokens of the answer, the last of them perhaps new. */
  readonly tokens: number[];
  /** The thread that has followed the answer so far. */
  thread: GrammarThread | undefined;
  #followedMask: Uint32Array<ArrayBuffer> = new Uint32Array();
  #answerClosed = false;
  #uncertain = false;
  /** What devices take masks from, and how many tokens come over it. */
  #feed: MaskFeed | undefined;
  #fed = 0;
  readonly #retries: Retries;

  /** Is followed from {@linkcode begin} on. */
  constructor(
    follower: Follower,
    id: number,
    { grammar, tokens, space, blame }: FollowedAnswer,
  ) {
    this.#follower = follower;
    this.id = id;
    this.grammar = grammar;
    this.blame = blame;
    this.space = space;
    this.tokens = [...tokens];
    this.#retries = new Retries(tokens.length);
  }

  get mask(): Uint32Array {
    return this.#followedMask;
  }

  get held(): number {
    return this.#uncertain ? HELD_TOKENS : 0;
  }

  /** Whether nobody asks any more. */
  get closed(): boolean {
    return this.#answerClosed;
  }

  /** Begins it in the worker. */
  async begin(): Promise<void> {
    await this.#follower.advance(this);
  }

  async accept(token: number): Promise<number> {
    if (this.#answerClosed) return 0;
    // What comes another way is not known to who draws from it.
    this.#feed = undefined;
    this.tokens.push(token);
    this.#retries.written(this.tokens.length);
    try {
      await this.#follower.advance(this);
      return 0;
    } catch (error) {
      if (!(error instanceof DeadEndError) || !this.#uncertain) throw error;
      return await this.#goBack(error);
    }
  }

  lend(count: number): MaskLoan | undefined {
    if (this.#answerClosed || this.#uncertain || this.#follower.isNew(this)) {
      return undefined;
    }
    const fresh = this.#feed === undefined;
    const feed = this.#feed ??= MaskFeed.begin(this.#followedMask.length);
    if (fresh) this.#fed = 0;
    const from = this.#fed;
    const until = this.#fed += count;
    const tokens = { feed: feed.memory, from, until };
    const following = this.#follower.follow(this, tokens);
    const took = async (drawn: readonly number[]) => {
      // Nothing more comes over a feed that was not used to its end.
      if (drawn.length < count) this.#feed = undefined;
      const { taken, mask } = await following;
      if (taken < drawn.length && this.#feed === feed) this.#feed = undefined;
      this.tokens.push(...drawn.slice(0, taken));
      if (taken > 0 && mask !== undefined) {
        const found = maskOf({ mask }, this);
        if (found instanceof Error) throw found;
        this.#followedMask = found;
      }
      return drawn.slice(taken);
    };
    return { feed: feed.memory, fresh, took };
  }

  /** Goes back from a dead end to where something else may come. */
  async #goBack(deadEnd: DeadEndError): Promise<number> {
    const tried = [...this.tokens];
    for (const place of this.#retries.retreat(tried)) {
      this.tokens.splice(0, Infinity, ...tried.slice(0, place));
      // The thread knows where the answer was, and not how it came there.
      this.thread = undefined;
      await this.#follower.advance(this);
      if (this.#answerClosed) return 0;
      const left = this.#retries.left(this.#followedMask, place, tried[place]);
      if (isEmptyMask(left)) continue;
      this.#followedMask = left;
      this.#retries.bar(place, tried[place]);
      return tried.length - place;
    }
    throw deadEnd;
  }

  close(): void {
    if (this.#answerClosed) return;
    this.#answerClosed = true;
    this.#follower.forget(this);
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

  /** Takes the next mask, and whether there may be none some day. */
  take(mask: Uint32Array<ArrayBuffer>, uncertain = this.#uncertain): void {
    this.#followedMask = mask;
    this.#uncertain = uncertain;
  }
}

/** Tokens that come over a feed. */
export interface FedTokens {
  /** Where they come. */
  readonly feed: SharedArrayBuffer;
  /** How many have come over it before. */
  readonly from: number;
  /** How many will have at most. */
  readonly until: number;
}

/** What came over a feed. */
export interface FollowedTokens {
  /** How many tokens. */
  readonly taken: number;
  /** The mask behind them. */
  readonly mask: Uint32Array<ArrayBuffer> | undefined;
}

/** An answer whose tokens come over a feed. */
interface Feeding {
  readonly answer: AnswerInWorker;
  readonly tokens: FedTokens;
  readonly resolve: (followed: FollowedTokens) => void;
}

/** An answer whose next mask is waited for. */
interface WaitingAnswer {
  readonly answer: AnswerInWorker;
  readonly resolve: () => void;
  readonly reject: (error: RequestError) => void;
}

function settle(
  { answer, resolve, reject }: WaitingAnswer,
  replies: readonly GrammarReply[] | Failure,
  i = 0,
): void {
  const reply = "failure" in replies ? replies : replies[i];
  const found = maskOf(reply, answer);
  if (found instanceof Error) {
    if ("failure" in reply) answer.blame(reply);
    return reject(found);
  }
  answer.take(found, "mask" in reply ? reply.uncertain : undefined);
  resolve();
}
