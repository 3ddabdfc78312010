/**
 * Finds needles: through saves, in the same text sent whole, and in no text at all.
 *
 * @module
 */

import {
  hasTask,
  type Haystack,
  haystack,
  type Language,
  LANGUAGES,
  type Query,
  type Task,
  TASKS,
} from "./haystack.ts";
import { hayOf, Reader } from "./reader.ts";
import { credit } from "./rules.ts";
import type { Subject, Token } from "./subject.ts";

/** What became of one haystack: shares of what was asked, 0 to 1. */
export interface Found {
  /** What it was made of. */
  readonly language: Language;
  /** The task. */
  readonly task: Task;
  /** Its length in tokens. */
  readonly size: number;
  /** Where the needle lay, 0 at the beginning; absent: at places by chance. */
  readonly depth?: number;
  /** Recalled through saves. */
  readonly saved: number;
  /** Recalled from the text sent whole; absent where it was not sent. */
  readonly whole?: number;
  /** Answered by a blank state: what guessing gives. */
  readonly blank: number;
}

/** How much to look for. */
export interface NeedleAmount {
  /** Lengths of the haystacks, tokens, ascending. */
  readonly sizes: readonly number[];
  /** Depths of a single needle, ascending. */
  readonly depths: readonly number[];
  /** Haystacks of each cell. */
  readonly samples: number;
  /** Whether a language's haystacks are searched by depth, too. */
  readonly byDepth: readonly Language[];
  /** Length of the longest haystack of a language for all other tasks. */
  readonly longest: Readonly<Record<Language, number>>;
  /** The depth at which a single needle's text is sent whole, too. */
  readonly wholeAt: number;
}

/** A piece of work. */
export type Search = () => Promise<Found[]>;

/** All searches, in an order that begins with the longest. */
export function searches(subject: Subject, amount: NeedleAmount): Search[] {
  const { sizes, samples, byDepth, longest } = amount;
  const seeds = Array.from({ length: samples }, (_, seed) => seed);
  return [
    ...byDepth.flatMap((language) =>
      seeds.map((seed) => () => searchDepths(subject, language, seed, amount))
    ),
    ...sizes.toReversed().flatMap((size) =>
      LANGUAGES.flatMap((language) =>
        TASKS.filter((task) =>
          hasTask(language, task) && size <= longest[language] &&
          !(task === "single" && byDepth.includes(language))
        ).flatMap((task) =>
          seeds.map((seed) => async () => [
            await search(subject, { language, task, size, seed }),
          ])
        )
      )
    ),
  ];
}

/**
 * Searches for one needle at every depth of every length. Texts that have it at the
 * same place are one text, asked on the way; before it all are the same.
 */
async function searchDepths(
  subject: Subject,
  language: Language,
  seed: number,
  { sizes, depths, wholeAt }: NeedleAmount,
): Promise<Found[]> {
  const task = "single";
  const { opening, hay, needles, queries } = haystack(language, task, seed);
  const places = new Map<number, { size: number; depth: number }[]>();
  for (const size of sizes) {
    for (const depth of depths) {
      const place = Math.round(size * depth);
      places.set(place, [...places.get(place) ?? [], { size, depth }]);
    }
  }
  const blank = await ask(subject, queries, undefined);
  const trunk = new Reader(subject, hayOf(hay));
  await trunk.tell(...opening);
  const found: Found[] = [];
  for (const [place, cells] of [...places].sort(([a], [b]) => a - b)) {
    await trunk.until(place);
    const branch = trunk.fork();
    await branch.tell(...needles);
    for (const { size, depth } of cells) {
      await branch.until(size);
      const saved = await ask(subject, queries, branch.token);
      const whole = depth === wholeAt
        ? { whole: await ask(subject, queries, undefined, branch) }
        : {};
      found.push({ language, task, size, depth, saved, ...whole, blank });
    }
  }
  return found;
}

async function search(
  subject: Subject,
  { language, task, size, seed }: {
    language: Language;
    task: Task;
    size: number;
    seed: number;
  },
): Promise<Found> {
  const { opening, hay, needles, places, queries }: Haystack = haystack(
    language,
    task,
    seed,
  );
  const reader = new Reader(subject, hayOf(hay));
  await reader.tell(...opening);
  for (const [i, needle] of needles.entries()) {
    await reader.until(size * places[i]);
    await reader.tell(needle);
  }
  await reader.until(size);
  return {
    language,
    task,
    size,
    saved: await ask(subject, queries, reader.token),
    whole: await ask(subject, queries, undefined, reader),
    blank: await ask(subject, queries, undefined),
  };
}

/** The share that is recalled, over all queries, each asked by itself. */
async function ask(
  subject: Subject,
  queries: readonly Query[],
  token: Token,
  reader?: Reader,
): Promise<number> {
  let sum = 0;
  for (const query of queries) {
    const said = await subject.ask(query.user, token, reader?.text);
    sum += credit(said, query);
  }
  return sum / queries.length;
}
