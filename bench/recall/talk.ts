/**
 * Conversations for judging memory, in the embedded model's own grammar
 * (`templates.json`, described in `models/gosling/training/README.md`): facts told
 * and corrected, talk about other things, questions and the replies they call for.
 *
 * @module
 */

import grammar from "../../models/gosling/training/templates.json" with {
  type: "json",
};
import fresh from "../../models/gosling/training/fresh.json" with {
  type: "json",
};
import { random } from "../../test/support/random.ts";
import type { Expected } from "./rules.ts";

/**
 * Where values and wordings come from; only `seen` was met in training. The `fresh`
 * ones were written last, and no result on them has steered a training.
 */
export const KINDS = [
  "seen values",
  "held-out values",
  "made-up words",
  "held-out phrasings",
  "fresh values",
  "fresh phrasings",
] as const;

/** One of {@linkcode KINDS}. */
export type Kind = typeof KINDS[number];

type Slot = typeof grammar.slots[number];
type Lists = Readonly<Record<string, readonly string[] | undefined>>;

const { heldout } = grammar;
const VALUES: Lists = grammar.values;
const HELD_OUT: Lists = heldout.values;
const MADE_UP: Lists = heldout.made_up;
const FRESH: Lists = fresh.values;
const FRESH_MADE_UP: Lists = fresh.made_up;
const FRESH_TELLINGS: Lists = fresh.tellings;
const FRESH_QUESTIONS: Lists = fresh.questions;

/** The slots of the evaluation, by the kinds that have values for them. */
export function slotsOf(kind: Kind): readonly Slot[] {
  return grammar.slots.filter(({ core, type }) =>
    core && (kind !== "made-up words" || MADE_UP[type] !== undefined)
  );
}

/** A question, what its answer has to say, and replies to choose from. */
export interface Asked extends Expected {
  /** The question. */
  readonly user: string;
  /** The embedded model's own reply to it, word for word. */
  readonly reply: string;
  /** That reply and {@linkcode OTHERS} with other values; none if it knows none. */
  readonly choices: readonly string[];
}

/** Wrong replies to choose from beside the right one. */
export const OTHERS = 3;

/** One user: the same name of a dialogue writes the same dialogue. */
export class Talk {
  /** What was told last, by slot. */
  readonly facts: Map<string, string> = new Map();
  readonly #kind: Kind;
  readonly #next: () => number;

  /** The user of the dialogue called `name`. */
  constructor(name: string, kind: Kind) {
    this.#kind = kind;
    this.#next = random(seedOf(name));
  }

  /** Tells a fact, or corrects it if it was told before. */
  tell(slot: Slot): string {
    const held = this.#kind === "held-out phrasings";
    const tellings = this.#fresh
      ? FRESH_TELLINGS[slot.id]
      : held
      ? slot.state_heldout
      : slot.state;
    let text = this.pick(tellings ?? slot.state);
    const value = this.value(slot.type, this.facts.get(slot.id));
    if (/\{(?:kind|pet)\}/.test(text)) {
      const pet = this.facts.get("pet") ?? this.value("pet");
      this.facts.set("pet", pet);
      text = text.replaceAll("{pet}", pet).replaceAll("{kind}", kindOf(pet));
    }
    const corrected = this.facts.has(slot.id);
    this.facts.set(slot.id, value);
    if (corrected) {
      text = this.pick(
        this.#fresh
          ? fresh.corrections
          : held
          ? heldout.over_prefix
          : grammar.over_prefix,
      ) +
        (/^(?:I\b|\{v\})/.test(text) ? text : lower(text));
    }
    return text.replaceAll("{v}", value);
  }

  /** A new value of a fact, told in words of the caller's. */
  new(slot: Slot): string {
    const value = this.value(slot.type, this.facts.get(slot.id));
    this.facts.set(slot.id, value);
    return value;
  }

  /** Takes a fact back. */
  forget(slot: Slot): string {
    const held = this.#kind === "held-out phrasings";
    this.facts.delete(slot.id);
    return upper(
      this.pick(held ? heldout.forget : grammar.forget.user)
        .replace("{np}", slot.np),
    );
  }

  /** Asks for a fact: the reply is what was told last, or that nothing was. */
  ask(slot: Slot): Asked {
    const wrapped = (wrappers: readonly string[]) =>
      wrappers.map((text) => upper(text.replace("{np}", slot.np)));
    const questions = this.#fresh
      ? FRESH_QUESTIONS[slot.id] ?? slot.ask
      : this.#kind === "held-out phrasings"
      ? [...slot.ask_heldout, ...wrapped(heldout.ask_wrappers)]
      : [...slot.ask, ...wrapped(grammar.ask_wrappers)];
    const pet = this.facts.get("pet") ?? this.value("pet");
    const value = this.facts.get(slot.id);
    const user = this.pick(questions).replace("{kind}", kindOf(pet));
    if (value === undefined) {
      const reply = grammar.unknown.replace("{your}", slot.your);
      // Shorter ones are words of many an answer: "May".
      const never = (VALUES[slot.type] ?? []).filter(({ length }) =>
        length > 3
      );
      return { user, reply, values: [], never, choices: [] };
    }
    const reply = slot.answer.replace("{v}", value);
    const choices = [value, ...this.#others(slot.type, value)]
      .map((value) => slot.answer.replace("{v}", value));
    return { user, reply, values: [value], choices };
  }

  /** Asks for everything told: the reply has all of it, and nothing else. */
  list(): Asked {
    const user = this.pick(
      this.#kind === "held-out phrasings"
        ? heldout.list_questions
        : grammar.list_questions,
    );
    const told = grammar.slots.flatMap(({ id, answer }) => {
      const value = this.facts.get(id);
      return value === undefined ? [] : [{ answer, value }];
    });
    return {
      user,
      reply: told.map(({ answer, value }) => answer.replace("{v}", value))
        .join(" "),
      values: told.map(({ value }) => value),
      only: true,
      choices: [],
    };
  }

  /** A message that tells no fact, in the proportions of the training. */
  smallTalk(): string {
    const share = this.#next();
    if (share < 0.42) return this.pick(this.pick(grammar.smalltalk).user);
    if (share < 0.59) return this.pick(this.pick(grammar.fixed).user);
    if (share < 0.66) return this.pick(this.pick(grammar.cycle).user);
    if (share < 0.8) {
      return this.pick(this.pick(grammar.echo).user)
        .replace("{x}", this.pick(grammar.nouns));
    }
    const { fallback } = grammar;
    return this.pick(
      this.#kind === "held-out phrasings" ? heldout.fallback : fallback.user,
    )
      .replaceAll(/\{[wg]\}/g, () => this.pick(fallback.words))
      .replaceAll("{n}", () => `${Math.floor(this.#next() * 1000)}`);
  }

  /** One of `from`. */
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#next() * from.length)];
  }

  /** `count` different ones of `from`. */
  sample<T>(from: readonly T[], count: number): T[] {
    const left = [...from];
    return Array.from(
      { length: Math.min(count, left.length) },
      () => left.splice(Math.floor(this.#next() * left.length), 1)[0],
    );
  }

  /** Other values of a type, by a stream of their own: asking changes no dialogue. */
  #others(type: string, value: string): string[] {
    const from = this.#values(type).filter((other) => other !== value);
    const next = random(seedOf(`${type} ${value}`));
    return Array.from(
      { length: OTHERS },
      () => from.splice(Math.floor(next() * from.length), 1)[0],
    );
  }

  /** A value of a type. */
  value(type: string, besides?: string): string {
    return this.pick(this.#values(type).filter((value) => value !== besides));
  }

  get #fresh(): boolean {
    return this.#kind === "fresh phrasings";
  }

  #values(type: string): readonly string[] {
    const known = VALUES[type] ?? [];
    const lists: Record<Kind, readonly string[]> = {
      "seen values": known,
      "held-out values": HELD_OUT[type] ?? known,
      "made-up words": MADE_UP[type] ?? known,
      "held-out phrasings": known,
      "fresh values": [
        ...FRESH[type] ?? HELD_OUT[type] ?? known,
        ...FRESH_MADE_UP[type] ?? [],
      ],
      "fresh phrasings": known,
    };
    return lists[this.#kind];
  }
}

/** A number of 32 bits from a name. */
export function seedOf(name: string): number {
  let seed = 0;
  for (const byte of new TextEncoder().encode(name)) {
    seed = Math.imul(seed ^ byte, 0x01000193);
  }
  return seed;
}

/** A pet's word without its article. */
function kindOf(pet: string): string {
  return pet.slice(pet.indexOf(" ") + 1);
}

function lower(text: string): string {
  return text[0].toLowerCase() + text.slice(1);
}

function upper(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
