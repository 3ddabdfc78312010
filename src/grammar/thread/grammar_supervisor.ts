/**
 * Grammars for one model. What is known of none is tried before an answer begins,
 * in a thread where it holds up nobody's answer. What takes few steps is followed
 * in another thread, so whoever asks for a form as most people do waits neither for
 * strange grammars nor for those that are tried.
 *
 * @module
 */

import { BusyError } from "../../errors.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { Follower } from "./answer_follower.ts";
import type {
  AnswerPrefix,
  Constraint,
  Grammar,
  GrammarCaller,
  Grammars,
} from "../grammar.ts";
import type { GrammarStart } from "./thread_messages.ts";
import { unfollowed } from "./thread_replies.ts";
import { screen } from "../screen/screen_grammar.ts";
import { Trials } from "./grammar_trials.ts";
import type { Failure } from "./grammar_thread.ts";

/** How to follow grammars. */
export interface GrammarSupervisorOptions {
  /** The model's own. */
  readonly tokenizer: Tokenizer;
  /** Bits of a mask: the model's vocabulary. */
  readonly V: number;
  /**
   * Milliseconds that a grammar or a token may take, 30,000 by default. Steps end
   * nearly all that runs away, long before: this is for machines that stand still.
   */
  readonly patience?: number;
}

const GRAMMAR_PATIENCE = 30_000;

/** Steps of a grammar that may be followed where the others are: 0.1 s. */
const LIGHT_STEPS = 15_000_000;

/**
 * 64 KiB pages for the library. The World vocabulary takes 300; one strange grammar
 * may have 48 MiB, and all that are light together 448.
 */
export const PAGES = { light: 8192, heavy: 1024 };

/** Grammars for one model. */
export function superviseGrammars(options: GrammarSupervisorOptions): Grammars {
  return new Supervisor(options);
}

class Supervisor implements Grammars {
  readonly #lightThread: Follower;
  readonly #heavyThread: Follower;
  readonly #trials: Trials;
  #supervisorClosed = false;

  constructor(
    { tokenizer, V, patience = GRAMMAR_PATIENCE }: GrammarSupervisorOptions,
  ) {
    const follower = (pages: number) =>
      new Follower({
        start: () => vocabularyOf(tokenizer, V, pages),
        patience,
      });
    this.#lightThread = follower(PAGES.light);
    this.#heavyThread = follower(PAGES.heavy);
    this.#trials = new Trials((grammar) => this.#heavyThread.try(grammar));
  }

  async prepare(grammar: Grammar, caller: GrammarCaller = {}): Promise<void> {
    await this.#judgeGrammar(grammar, caller);
  }

  async open(grammar: Grammar, beginning: AnswerPrefix): Promise<Constraint> {
    const { plain, steps, key } = await this.#judgeGrammar(grammar, {});
    const follower = steps <= LIGHT_STEPS
      ? this.#lightThread
      : this.#heavyThread;
    return await follower.open({
      ...beginning,
      grammar: plain,
      blame: (failure: Failure) => this.#trials.remember(key, failure),
    });
  }

  close(): void {
    this.#supervisorClosed = true;
    this.#trials.close();
    this.#lightThread.close();
    this.#heavyThread.close();
  }

  async #judgeGrammar(grammar: Grammar, caller: GrammarCaller) {
    if (this.#supervisorClosed) throw new BusyError("ERR_TOO_BUSY", CLOSED);
    const key = await this.#trials.keyOf(grammar);
    const known = this.#trials.recall(key);
    if (known !== undefined && "failure" in known) {
      throw unfollowed(grammar, known);
    }
    const plain = screen(grammar);
    const trial = known ?? await this.#trials.run(key, plain, caller);
    if ("failure" in trial) throw unfollowed(grammar, trial);
    return { plain, key, steps: trial.steps };
  }
}

const CLOSED = "Cannot follow a grammar: the model is being unloaded";

/** What a thread of grammars begins with. */
export function vocabularyOf(
  tokenizer: Tokenizer,
  V: number,
  pages: number,
): GrammarStart {
  const ends = new Uint32Array(tokenizer.size);
  let length = 0;
  for (let token = 0; token < tokenizer.size; token++) {
    ends[token] = length += tokenizer.bytes(token).length;
  }
  const bytes = new Uint8Array(length);
  for (let token = 0; token < tokenizer.size; token++) {
    const piece = tokenizer.bytes(token);
    bytes.set(piece, ends[token] - piece.length);
  }
  return { bytes, ends, end: tokenizer.end, V, pages };
}
