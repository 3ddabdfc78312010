/**
 * Needles in haystacks, by the task definitions of RULER (Hsieh et al. 2024,
 * arXiv:2404.06654, section 3), with texts of our own: a key's value told in a long
 * text and asked for at its end. *Multi-key* tells other keys' values too,
 * *multi-value* several of one key, *multi-query* asks for several keys, and
 * *variable tracking* follows a value through a chain of names.
 *
 * A haystack is prose, for any model, or a talk in the embedded model's own
 * grammar, whose needles are facts about the user. Such a talk has one value a
 * fact and no chains, so two of the tasks have no form in it.
 *
 * @module
 */

import { Author, type Exchange } from "../../lab/curse/dialogue.ts";
import { ProseAuthor } from "./prose.ts";
import type { Expected } from "./rules.ts";
import { seedOf } from "./talk.ts";

/** The tasks. */
export const TASKS = [
  "single",
  "multi-key",
  "multi-value",
  "multi-query",
  "variable tracking",
] as const;

/** One of {@linkcode TASKS}. */
export type Task = typeof TASKS[number];

/** What a haystack is made of. */
export const LANGUAGES = ["talk", "prose"] as const;

/** One of {@linkcode LANGUAGES}. */
export type Language = typeof LANGUAGES[number];

/** A question at the end of a haystack. */
export interface Query extends Expected {
  /** The question. */
  readonly user: string;
}

/** A haystack without a length: hay without end, and what lies in it. */
export interface Haystack {
  /** What comes first. */
  readonly opening: readonly Exchange[];
  /** The next of the hay. */
  readonly hay: () => Exchange;
  /** What is told, in order. */
  readonly needles: readonly Exchange[];
  /** What is asked. */
  readonly queries: readonly Query[];
  /** Where the needles lie if nobody says: ascending shares of the length. */
  readonly places: readonly number[];
}

/** Keys or values of a task, RULER's number for its first variant of each. */
const SEVERAL = 4;

/** Names that a tracked value has: RULER's chain of four hops. */
const CHAIN = 5;

const THINGS = [
  ..."amber lighthouse,copper bridge,silent orchard,marble fountain".split(","),
  ..."paper mill,northern harbour,glass pavilion,old observatory".split(","),
  ..."winter garden,red windmill,stone chapel,hidden archive".split(","),
];

/** Whether a task has a form in a language. */
export function hasTask(language: Language, task: Task): boolean {
  return language === "prose" ||
    ["single", "multi-key", "multi-query"].includes(task);
}

/** The haystack number `seed` of a task. */
export function haystack(
  language: Language,
  task: Task,
  seed: number,
): Haystack {
  const number = seedOf(`${language} ${task} ${seed}`);
  return language === "talk"
    ? talkHaystack(task, number)
    : proseHaystack(task, number);
}

function talkHaystack(task: Task, seed: number): Haystack {
  const author = new Author(seed);
  const places = new ProseAuthor(seed);
  const facts = author.facts(task === "single" ? 1 : SEVERAL, "seen");
  const asked = task === "multi-query" ? facts : [places.pick(facts)];
  return {
    opening: [],
    hay: () => author.smallTalk(),
    needles: facts.map(({ told }) => told),
    queries: asked.map(({ asked: { user }, value }) => ({
      user,
      values: [value],
    })),
    places: facts.map(() => places.chance()).sort((a, b) => a - b),
  };
}

function proseHaystack(task: Task, seed: number): Haystack {
  const author = new ProseAuthor(seed);
  const number = () => `${1_000_000 + Math.floor(9e6 * author.chance())}`;
  const code = (thing: string, value: string) =>
    `The access code of the ${thing} is ${value}.`;
  const keys = author.sample(THINGS, SEVERAL);
  const values = keys.map(() => number());
  const at = Math.floor(SEVERAL * author.chance());
  const { [at]: key } = keys;
  let needles: string[], user: string, wanted: string[];
  if (task === "multi-value") {
    needles = values.map((value) => code(key, value));
    user = `What are all the access codes of the ${key} in the text?`;
    wanted = values;
  } else if (task === "variable tracking") {
    const names = author.sample([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"], CHAIN)
      .map((letter) => `${letter}${100 + Math.floor(900 * author.chance())}`);
    const { [at]: value } = values;
    needles = names.map((name, i) =>
      i === 0
        ? `Register ${name} is set to ${value}.`
        : `Register ${name} is set to what register ${names[i - 1]} holds.`
    );
    user = `Which registers hold ${value}? Name every one of them, also ` +
      "those that were set from another register.";
    wanted = names;
  } else if (task === "multi-query") {
    needles = keys.map((key, i) => code(key, values[i]));
    user = `What are the access codes of the ${
      keys.slice(0, -1).join(", the ")
    } and the ${keys.at(-1)} in the text?`;
    wanted = values;
  } else {
    const told = keys.map((key, i) => code(key, values[i]));
    needles = task === "single" ? told.slice(at, at + 1) : told;
    user = `What is the access code of the ${key} in the text?`;
    wanted = values.slice(at, at + 1);
  }
  return {
    opening: [{
      user:
        "I will send you a long text in parts. Some of its sentences have " +
        "codes and registers. Remember those: I will ask for them at the end.",
      reply: "I am ready.",
    }],
    hay: () => author.part(),
    needles: needles.map((needle) => author.part(needle)),
    queries: [{ user, values: wanted }],
    places: needles.map(() => author.chance()).sort((a, b) => a - b),
  };
}
