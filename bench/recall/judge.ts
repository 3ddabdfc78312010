/**
 * Holds dialogues with a model and counts the replies that are right, word for
 * word.
 *
 * @module
 */

import { type Partner, say, type Token } from "./conversation.ts";
import type { Cell, Dialogue, Question } from "./experiments.ts";
import type { Kind } from "./talk.ts";

/** One answer. */
export interface Verdict extends Question {
  /** Of the dialogue. */
  readonly kind: Kind;
  /** What the model said. */
  readonly said: string;
  /** Whether that is the reply, word for word. */
  readonly right: boolean;
  /** Whether the value that must not come back did. */
  readonly stale: boolean;
}

/** How to judge. */
export interface JudgeOptions {
  /** Dialogues held at once. */
  readonly lanes: number;
  /** Told after each dialogue. */
  readonly progress?: (done: number) => void;
}

/** Holds every dialogue; gives every answer. */
export async function judge(
  partner: Partner,
  dialogues: readonly Dialogue[],
  { lanes, progress }: JudgeOptions,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const left = dialogues.values();
  let done = 0;
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (const dialogue of left) {
      verdicts.push(...await hold(partner, dialogue));
      progress?.(++done);
    }
  }));
  return verdicts;
}

async function hold(
  partner: Partner,
  { kind, steps }: Dialogue,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let token: Token;
  for (const step of steps) {
    if (typeof step === "string") {
      [, token] = await say(partner, step, token);
      continue;
    }
    for (const question of step) {
      const [said] = await say(partner, question.user, token);
      const { reply, never } = question;
      verdicts.push({
        ...question,
        kind,
        said,
        right: said === reply,
        stale: never !== undefined && said.includes(` ${never}.`),
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
