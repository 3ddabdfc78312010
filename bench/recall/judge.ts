/**
 * Holds dialogues with a model and counts the replies that are right.
 *
 * @module
 */

import type { Cell, Dialogue, Question } from "./experiments.ts";
import { claims, credit, says } from "./rules.ts";
import { type Partner, Subject, type Token } from "./subject.ts";
import type { Kind } from "./talk.ts";

/** One answer. */
export interface Verdict extends Question {
  /** Of the dialogue. */
  readonly kind: Kind;
  /** What the model said. */
  readonly said: string;
  /** Whether the answer is right, by the rules. */
  readonly right: boolean;
  /** Whether it is the embedded model's own reply, word for word. */
  readonly exact: boolean;
  /** Whether the value before came back. */
  readonly stale: boolean;
  /** Whether it states a fact about the user where none was asked for. */
  readonly claims: boolean;
  /** Whether the right reply was the likeliest to choose; absent: no choice. */
  readonly chosen?: boolean;
}

/** How to judge. */
export interface JudgeOptions {
  /** Dialogues held at once. */
  readonly lanes: number;
  /** Whether a choice is offered with each question that has one. */
  readonly choices?: boolean;
  /** Told after each dialogue. */
  readonly progress?: (done: number) => void;
}

/** Holds every dialogue; gives every answer. */
export async function judge(
  to: Partner | Subject,
  dialogues: readonly Dialogue[],
  { lanes, progress, choices = false }: JudgeOptions,
): Promise<Verdict[]> {
  const subject = to instanceof Subject ? to : new Subject(to);
  const verdicts: Verdict[][] = dialogues.map(() => []);
  const left = dialogues.entries();
  let done = 0;
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (const [i, dialogue] of left) {
      verdicts[i] = await hold(subject, dialogue, choices);
      progress?.(++done);
    }
  }));
  return verdicts.flat();
}

async function hold(
  subject: Subject,
  { kind, steps }: Dialogue,
  choices: boolean,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let token: Token;
  for (const step of steps) {
    if (typeof step === "string") {
      [, token] = await subject.say(step, token);
      continue;
    }
    for (const question of step) {
      const said = await subject.ask(question.user, token);
      const { user, reply, before } = question;
      const offered = choices ? question.choices : [];
      verdicts.push({
        ...question,
        kind,
        said,
        right: credit(said, question) === 1,
        exact: said === reply,
        stale: before !== undefined && says(said, before),
        claims: question.like !== undefined && claims(said),
        ...(offered.length > 0 &&
          { chosen: await subject.choose(user, offered, token) === 0 }),
      });
    }
  }
  return verdicts;
}

/** How many of some answers are right. */
export interface Score {
  /** Right ones. */
  readonly right: number;
  /** All. */
  readonly asked: number;
}

/** Counts the answers of one cell; of all kinds where none is named. */
export function score(
  verdicts: readonly Verdict[],
  cell: Cell,
  kind?: Kind,
): Score {
  const counted = verdicts.filter((verdict) =>
    verdict.cell.row === cell.row &&
    (!("after" in cell) ||
      ("after" in verdict.cell && verdict.cell.after === cell.after)) &&
    (kind === undefined || verdict.kind === kind)
  );
  return {
    right: counted.filter(({ right }) => right).length,
    asked: counted.length,
  };
}
