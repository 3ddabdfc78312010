/**
 * Conversations from the fresh held-out sets (`fresh.json` beside the grammar):
 * two and three facts in one sentence, two of a kind, what is out of scope, and
 * small talk whose reply has to follow what was said.
 *
 * @module
 */

import grammar from "../../models/gosling/training/templates.json" with {
  type: "json",
};
import fresh from "../../models/gosling/training/fresh.json" with {
  type: "json",
};
import type { Dialogue, Question, Step } from "./experiments.ts";
import { type Kind, Talk } from "./talk.ts";

/** Values of the fresh dialogues: those of the training, and those outside it. */
export const FRESH_KINDS = [
  "seen values",
  "fresh values",
] as const satisfies readonly Kind[];

/** Messages between what is told and the question for it. */
export const BETWEEN = 5;

/** Facts that are known when something else is asked. */
const KNOWN = ["name", "city", "job"];

const DECLINES = new RegExp(fresh.declines, "i");
const SANE: Readonly<Record<string, string>> = fresh.sane;

/** Every fresh dialogue, `rounds` times with other values. */
export function freshDialogues(rounds: number): Dialogue[] {
  return FRESH_KINDS.flatMap((kind) =>
    Array.from({ length: rounds }, (_, round) => [
      ...fresh.multi.map((text) => several(kind, text, round)),
      ...fresh.pairs.map((pair) => twoOfAKind(kind, pair, round)),
      ...round === 0 ? [beyond(kind), ...chatting(kind)] : [],
    ]).flat()
  );
}

/** Two or three facts in one sentence, each asked for. */
function several(kind: Kind, text: string, round: number): Dialogue {
  const talk = new Talk(`several ${kind} ${round} ${text}`, kind);
  const ids = [...text.matchAll(/\{(\w+)\}/g)].map(([, id]) => id);
  const slots = ids.map((id) => slotOf(id));
  let told = text;
  for (const slot of slots) told = told.replace(`{${slot.id}}`, talk.new(slot));
  const questions = slots.map((slot): Question => ({
    ...talk.ask(slot),
    cell: { row: "several in one sentence" },
  }));
  return { kind, steps: [told, ...between(talk), questions] };
}

/** Two pets or siblings: an answer has to have both names. */
function twoOfAKind(
  kind: Kind,
  { slot, tell, ask }: typeof fresh.pairs[number],
  round: number,
): Dialogue {
  const talk = new Talk(`two ${kind} ${round} ${tell.join(" ")}`, kind);
  const { type } = slotOf(slot);
  const a = talk.value(type);
  const b = talk.value(type, a);
  const question: Question = {
    user: talk.pick(ask),
    values: [a, b],
    reply: `${a} and ${b}`,
    choices: [],
    cell: { row: "two of a kind" },
  };
  const told = tell.map((text) => text.replace("{a}", a).replace("{b}", b));
  return { kind, steps: [...told, ...between(talk), [question]] };
}

/** What no small model can answer, asked by somebody whom it knows. */
function beyond(kind: Kind): Dialogue {
  const talk = new Talk(`beyond ${kind}`, kind);
  const questions = fresh.out_of_scope.map((user) =>
    outside(user, "out of scope", DECLINES)
  );
  return { kind, steps: [...known(talk), ...between(talk), questions] };
}

/** Lines of small talk, each with what a sane reply has in it. */
function chatting(kind: Kind): Dialogue[] {
  const talk = new Talk(`chatting ${kind}`, kind);
  const questions = Object.entries(fresh.small_talk).flatMap(([mood, lines]) =>
    lines.map((user) =>
      outside(user, "small talk", new RegExp(SANE[mood], "i"))
    )
  );
  return [{ kind, steps: [...known(talk), questions] }];
}

function outside(
  user: string,
  row: "out of scope" | "small talk",
  like: RegExp,
): Question {
  return { user, values: [], like, reply: "", choices: [], cell: { row } };
}

function known(talk: Talk): string[] {
  return KNOWN.map((id) => talk.tell(slotOf(id)));
}

function between(talk: Talk): Step[] {
  return Array.from({ length: BETWEEN }, () => talk.smallTalk());
}

function slotOf(id: string) {
  const slot = grammar.slots.find((slot) => slot.id === id);
  if (slot === undefined) {
    throw new RangeError(`Cannot tell a fact: ${id} is no slot of the grammar`);
  }
  return slot;
}
