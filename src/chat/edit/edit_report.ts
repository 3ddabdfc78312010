/**
 * What an edit has achieved, by likelihoods alone: nothing is claimed that did not
 * happen.
 *
 * @module
 */

import type { Save } from "../../state/save.ts";
import { saysAnswer } from "./fact_words.ts";
import type { Editor, Fact, Likelihood } from "./state_editor.ts";

/** A fact, and how likely its answer was and is. */
export interface FactReport extends Fact {
  /** Tokens of the answer. */
  readonly tokens: number;
  /** Log probability of the answer, nats, for a blank state. */
  readonly blank: number;
  /** Before the edit. */
  readonly before: number;
  /** After it. */
  readonly after: number;
  /** What the model says now when it is asked; absent for facts that had to stay. */
  readonly says?: string;
  /** Whether the edit did to this fact what it was to do. */
  readonly achieved: boolean;
}

/** One way to edit, and what came of it. */
export interface Attempt {
  /** What was done, in a few words. */
  readonly method: string;
  /** Mean log probability a token of the stated facts, nats. */
  readonly facts: number;
  /** The same of the facts that had to stay; absent where there are none. */
  readonly kept?: number;
  /** Whether it was chosen. */
  readonly chosen: boolean;
}

/** An edit. */
export interface Edit {
  /** What it left. */
  readonly save: Save;
  /**
   * Whether every stated fact is as it was to be, and every other as it was; absent
   * where nothing was stated, and so nothing measured.
   */
  readonly achieved?: boolean;
  /** That, in a sentence. */
  readonly summary: string;
  /** What was done. */
  readonly method: string;
  /** The stated facts. */
  readonly facts: readonly FactReport[];
  /** Facts that were to stay. */
  readonly kept: readonly FactReport[];
  /** Everything that was tried, in order. */
  readonly attempts: readonly Attempt[];
}

/** A fact that is less likely by more than this factor counts as lost, in nats. */
const LOST = Math.LN2;

/** A fact that is less likely by this factor counts as forgotten, in nats. */
const FORGOTTEN = Math.log(100);

/** A mean log probability a token at which a fact counts as known: even odds. */
const KNOWN = -Math.LN2;

/** Mean log probability a token, over all tokens. */
export function meanOf(likelihoods: readonly Likelihood[]): number {
  let sum = 0, count = 0;
  for (const { logprob, tokens } of likelihoods) {
    sum += logprob;
    count += tokens;
  }
  return count === 0 ? 0 : sum / count;
}

/** By how much facts have become less likely, mean nats a token; gains count for nothing. */
export function harmOf(
  before: readonly Likelihood[],
  after: readonly Likelihood[],
): number {
  const lost = before.map(({ logprob, tokens }, i) => ({
    logprob: Math.max(0, logprob - (after[i]?.logprob ?? logprob)),
    tokens,
  }));
  return meanOf(lost);
}

/** Whether a fact is known: its answer is likely, or is what the model says. */
export function isKnown(
  likelihood: Likelihood,
  says: string | undefined,
  { answer }: Fact,
): boolean {
  return likelihood.logprob >= KNOWN * likelihood.tokens ||
    (says !== undefined && saysAnswer(says, answer));
}

/** Whether a fact was kept: it is at least half as likely as before. */
export function isKept(before: Likelihood, after: Likelihood): boolean {
  return after.logprob >= before.logprob - LOST;
}

/**
 * Whether a fact that was known is forgotten: the model does not say its answer, which
 * is a hundred times less likely than before, or about as unlikely as in a blank state.
 */
export function isForgotten(
  { blank, before, after }: {
    readonly blank: Likelihood;
    readonly before: Likelihood;
    readonly after: Likelihood;
  },
  says: string | undefined,
  { answer }: Fact,
): boolean {
  if (says !== undefined && saysAnswer(says, answer)) return false;
  return after.logprob <= blank.logprob + LOST ||
    after.logprob <= before.logprob - FORGOTTEN;
}

/** Likelihoods of facts for a blank state, before an edit and after it. */
export interface Measured {
  /** For a blank state. */
  readonly blank: readonly Likelihood[];
  /** Before. */
  readonly before: readonly Likelihood[];
  /** After. */
  readonly after: readonly Likelihood[];
}

/** Writes facts down; `judge` says whether each is as it was to be. */
export function reportFacts(
  facts: readonly Fact[],
  { blank, before, after }: Measured,
  judge: (
    found: {
      readonly blank: Likelihood;
      readonly before: Likelihood;
      readonly after: Likelihood;
    },
    says: string | undefined,
    fact: Fact,
    i: number,
  ) => boolean,
  says: readonly string[] = [],
): FactReport[] {
  return facts.map(({ question, answer }, i) => {
    const [none, was, is] = [blank[i], before[i], after[i]];
    if (none === undefined || was === undefined || is === undefined) {
      throw new RangeError(`Cannot report fact ${i}: it was not measured`);
    }
    const said = says[i];
    return {
      question,
      answer,
      tokens: is.tokens,
      blank: none.logprob,
      before: was.logprob,
      after: is.logprob,
      ...(said !== undefined && { says: said }),
      achieved: judge(
        { blank: none, before: was, after: is },
        said,
        { question, answer },
        i,
      ),
    };
  });
}

/** What a state answers to the questions of facts. */
export async function answersOf(
  editor: Editor,
  save: Save | undefined,
  facts: readonly Fact[],
): Promise<string[]> {
  const answers: string[] = [];
  for (const { question } of facts) {
    answers.push((await editor.say(save, question)).reply);
  }
  return answers;
}

/** How many of how many: "2 of 3". */
export function count(reports: readonly FactReport[]): string {
  const right = reports.filter(({ achieved }) => achieved).length;
  return `${right} of ${reports.length}`;
}

/** What became of the facts that were to stay, to end a sentence with. */
export function keptText(kept: readonly FactReport[]): string {
  return kept.length === 0 ? "" : `; kept ${count(kept)} that were to stay`;
}
