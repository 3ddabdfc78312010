/**
 * Everything that is asked of a memory, part by part, of any model.
 *
 * @module
 */

import { readFar, type Remembered, total } from "./distance.ts";
import { type Cell, type Dialogue, dialogues } from "./experiments.ts";
import { freshDialogues } from "./fresh.ts";
import { judge, type Verdict } from "./judge.ts";
import { type Found, type NeedleAmount, searches } from "./needles.ts";
import type { Cost, Subject } from "./subject.ts";
import { type Kind, KINDS } from "./talk.ts";

/** How many answers of a cell are right. */
export interface CellScore {
  /** The cell. */
  readonly cell: Cell;
  /** Where values and wordings come from. */
  readonly kind: Kind;
  /** Questions. */
  readonly asked: number;
  /** Right answers, by the rules. */
  readonly right: number;
  /** Those that are the embedded model's reply, word for word. */
  readonly exact: number;
  /** Answers with a value that had been corrected or taken back. */
  readonly stale: number;
  /** Answers with a fact about the user that nobody asked for. */
  readonly claims: number;
  /** Questions with a choice, and those in which the right reply was likeliest. */
  readonly choice: { readonly asked: number; readonly right: number };
}

/** A wrong answer, to be looked at. */
export interface Wrong {
  /** Where values and wordings come from. */
  readonly kind: Kind;
  /** The question. */
  readonly user: string;
  /** What would have been right. */
  readonly reply: string;
  /** What was said. */
  readonly said: string;
}

/** Facts in a conversation. */
export interface ChatResult {
  /** Every cell. */
  readonly scores: readonly CellScore[];
  /** A few wrong answers of each kind. */
  readonly wrong: readonly Wrong[];
  /** What it took. */
  readonly cost: Cost;
  /** Wall-clock seconds. */
  readonly seconds: number;
}

/** Needles in haystacks. */
export interface NeedleResult {
  /** Every haystack. */
  readonly found: readonly Found[];
  /** What it took. */
  readonly cost: Cost;
  /** Wall-clock seconds. */
  readonly seconds: number;
}

/** Facts at growing distances. */
export interface FarResult {
  /** Every distance. */
  readonly remembered: readonly Remembered[];
  /** What it took. */
  readonly cost: Cost;
  /** Wall-clock seconds. */
  readonly seconds: number;
}

/** Told how much of how much is done. */
export type Progress = (done: number, of: number) => void;

/** How to measure. */
export interface MeasureOptions {
  /** Conversations or texts at once. */
  readonly lanes: number;
  /** Told after each. */
  readonly progress?: Progress;
}

/** Wrong answers of a kind that are kept. */
const KEPT = 5;

/** Facts told in conversation, asked for after more and more messages. */
export async function measureChat(
  subject: Subject,
  { rows, distances, kinds = KINDS }: {
    readonly rows: number;
    readonly distances: readonly number[];
    readonly kinds?: readonly Kind[];
  },
  options: MeasureOptions,
): Promise<ChatResult> {
  return await measureDialogues(
    subject,
    dialogues({ rows, distances, forgetting: true, kinds }),
    options,
  );
}

/** What was measured `before`, with the kinds of `now` replaced. */
export function joined(before: ChatResult, now: ChatResult): ChatResult {
  const kinds = new Set(now.scores.map(({ kind }) => kind));
  const other = ({ kind }: { readonly kind: Kind }) => !kinds.has(kind);
  if (!before.scores.some(other)) return now;
  const { read, drawn, saves, largestSave } = before.cost;
  return {
    scores: [...before.scores.filter(other), ...now.scores],
    wrong: [...before.wrong.filter(other), ...now.wrong],
    cost: {
      read: read + now.cost.read,
      drawn: drawn + now.cost.drawn,
      saves: saves + now.cost.saves,
      largestSave: Math.max(largestSave, now.cost.largestSave),
    },
    seconds: before.seconds + now.seconds,
  };
}

/** Several facts in a sentence, two of a kind, what is out of scope, small talk. */
export async function measureFresh(
  subject: Subject,
  rounds: number,
  options: MeasureOptions,
): Promise<ChatResult> {
  return await measureDialogues(subject, freshDialogues(rounds), options);
}

async function measureDialogues(
  subject: Subject,
  wanted: readonly Dialogue[],
  { lanes, progress }: MeasureOptions,
): Promise<ChatResult> {
  const { value: verdicts, ...spent } = await timed(
    subject,
    () =>
      judge(subject, wanted, {
        lanes,
        choices: true,
        progress: (done) => progress?.(done, wanted.length),
      }),
  );
  return { scores: cellScores(verdicts), wrong: someWrong(verdicts), ...spent };
}

/** Needles in haystacks, through saves and without. */
export async function measureNeedles(
  subject: Subject,
  amount: NeedleAmount,
  options: MeasureOptions,
): Promise<NeedleResult> {
  const work = searches(subject, amount);
  const { value, ...spent } = await timed(subject, () => pool(work, options));
  return { found: value.flat(), ...spent };
}

/** Facts asked for at growing distances. */
export async function measureFar(
  subject: Subject,
  { texts, distances, facts }: {
    /** Texts of each number of facts. */
    readonly texts: number;
    readonly distances: readonly number[];
    /** Numbers of facts told. */
    readonly facts: readonly number[];
  },
  options: MeasureOptions & {
    /** Told what was found at each distance of each text. */
    readonly log?: (line: string) => void;
  },
): Promise<FarResult> {
  const work = facts.flatMap((facts) =>
    Array.from(
      { length: texts },
      (_, seed) => () =>
        readFar(subject, { facts, seed, distances }, options.log),
    )
  );
  const { value, ...spent } = await timed(subject, () => pool(work, options));
  return { remembered: total(value.flat()), ...spent };
}

async function timed<T>(
  subject: Subject,
  work: () => Promise<T>,
): Promise<{ value: T; cost: Cost; seconds: number }> {
  const before = subject.cost;
  const begun = performance.now();
  const value = await work();
  const seconds = Math.round((performance.now() - begun) / 1000);
  const { read, drawn, saves, largestSave } = subject.cost;
  const cost = {
    read: read - before.read,
    drawn: drawn - before.drawn,
    saves: saves - before.saves,
    largestSave,
  };
  return { value, cost, seconds };
}

async function pool<T>(
  work: readonly (() => Promise<T>)[],
  { lanes, progress }: MeasureOptions,
): Promise<T[]> {
  const results: T[] = [];
  const left = work.entries();
  let done = 0;
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (const [i, job] of left) {
      results[i] = await job();
      progress?.(++done, work.length);
    }
  }));
  return results;
}

function cellScores(verdicts: readonly Verdict[]): CellScore[] {
  const cells = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const key = JSON.stringify([verdict.cell, verdict.kind]);
    cells.set(key, [...cells.get(key) ?? [], verdict]);
  }
  return [...cells.values()].map((some) => {
    const count = (is: (verdict: Verdict) => boolean | undefined) =>
      some.filter((verdict) => is(verdict)).length;
    return {
      cell: some[0].cell,
      kind: some[0].kind,
      asked: some.length,
      right: count(({ right }) => right),
      exact: count(({ exact }) => exact),
      stale: count(({ stale }) => stale),
      claims: count(({ claims }) => claims),
      choice: {
        asked: count(({ chosen }) => chosen !== undefined),
        right: count(({ chosen }) => chosen),
      },
    };
  });
}

function someWrong(verdicts: readonly Verdict[]): Wrong[] {
  return KINDS.flatMap((kind) =>
    verdicts.filter((verdict) => verdict.kind === kind && !verdict.right)
      .slice(0, KEPT)
      .map(({ user, reply, said }) => ({ kind, user, reply, said }))
  );
}
