/**
 * How many facts the embedded model holds: told one a message, asked for one by
 * one, each answer right only if it is so word for word.
 *
 * @module
 */

import type { Chat } from "./chat.ts";
import { Author, type Source } from "./dialogue.ts";

/** Exact recall at a number of facts. */
export interface FactRecall {
  /** Where the values came from. */
  readonly source: Source;
  /** Facts told. */
  readonly facts: number;
  /** Questions asked over all dialogues. */
  readonly asked: number;
  /** Answers that were right word for word. */
  readonly exact: number;
}

/** How much to ask. */
export interface FactOptions {
  /** Numbers of facts. */
  readonly facts: readonly number[];
  /** Dialogues of each. */
  readonly dialogues: number;
}

/** Tells and asks. */
export async function measureFacts(
  chat: Chat,
  { facts, dialogues }: FactOptions,
): Promise<FactRecall[]> {
  const results: FactRecall[] = [];
  for (const source of ["seen", "held-out"] as const) {
    for (const count of facts) {
      let exact = 0;
      for (let seed = 0; seed < dialogues; seed++) {
        const told = new Author(1000 * count + seed).facts(count, source);
        await chat.restart(told.map(({ told }) => told));
        exact += await chat.exact(told.map(({ asked }) => asked));
      }
      results.push({ source, facts: count, asked: count * dialogues, exact });
    }
  }
  return results;
}
