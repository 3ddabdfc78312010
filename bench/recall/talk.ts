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
import { random } from "../../test/support/random.ts";
import type { Exchange } from "../../lab/curse/dialogue.ts";

/** Where values and wordings come from; only `seen` was met in training. */
export const KINDS = [
  "seen values",
  "held-out values",
  "made-up words",
  "held-out phrasings",
] as const;

/** One of {@linkcode KINDS}. */
export type Kind = typeof KINDS[number];

type Slot = typeof grammar.slots[number];
type Lists = Readonly<Record<string, readonly string[] | undefined>>;

const { heldout } = grammar;
const VALUES: Lists = grammar.values;
const HELD_OUT: Lists = heldout.values;
const MADE_UP: Lists = heldout.made_up;

/** The slots of the evaluation, by the kinds that have values for them. */
export function slotsOf(kind: Kind): readonly Slot[] {
  return grammar.slots.filter(({ core, type }) =>
    core && (kind !== "made-up words" || MADE_UP[type] !== undefined)
  );
}

/** One user: the same name of a dialogue writes the same dialogue. */
export class Talk {
  /** What was told last, by slot. */
  readonly facts: Map<string, string> = new Map();
  readonly #kind: Kind;
  readonly #next: () => number;

  /** The user of the dialogue called `name`. */
  constructor(name: string, kind: Kind) {
    this.#kind = kind;
    let seed = 0;
    for (const byte of new TextEncoder().encode(name)) {
      seed = Math.imul(seed ^ byte, 0x01000193);
    }
    this.#next = random(seed);
  }

  /** Tells a fact, or corrects it if it was told before. */
  tell(slot: Slot): string {
    const held = this.#kind === "held-out phrasings";
    let text = this.pick(held ? slot.state_heldout : slot.state);
    const value = this.#value(slot.type, this.facts.get(slot.id));
    if (/\{(?:kind|pet)\}/.test(text)) {
      const pet = this.facts.get("pet") ?? this.#value("pet");
      this.facts.set("pet", pet);
      text = text.replaceAll("{pet}", pet).replaceAll("{kind}", kindOf(pet));
    }
    const corrected = this.facts.has(slot.id);
    this.facts.set(slot.id, value);
    if (corrected) {
      text = this.pick(held ? heldout.over_prefix : grammar.over_prefix) +
        (/^(?:I\b|\{v\})/.test(text) ? text : lower(text));
    }
    return text.replaceAll("{v}", value);
  }

  /** Asks for a fact: the reply is what was told last, or that nothing was. */
  ask(slot: Slot): Exchange {
    const wrapped = (wrappers: readonly string[]) =>
      wrappers.map((text) => upper(text.replace("{np}", slot.np)));
    const questions = this.#kind === "held-out phrasings"
      ? [...slot.ask_heldout, ...wrapped(heldout.ask_wrappers)]
      : [...slot.ask, ...wrapped(grammar.ask_wrappers)];
    const pet = this.facts.get("pet") ?? this.#value("pet");
    const value = this.facts.get(slot.id);
    return {
      user: this.pick(questions).replace("{kind}", kindOf(pet)),
      reply: value === undefined
        ? grammar.unknown.replace("{your}", slot.your)
        : slot.answer.replace("{v}", value),
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

  #value(type: string, besides?: string): string {
    const known = VALUES[type] ?? [];
    const lists: Record<Kind, readonly string[]> = {
      "seen values": known,
      "held-out values": HELD_OUT[type] ?? known,
      "made-up words": MADE_UP[type] ?? known,
      "held-out phrasings": known,
    };
    return this.pick(lists[this.#kind].filter((value) => value !== besides));
  }
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
