/**
 * Dialogues in the embedded model's own grammar, `templates.json` beside its
 * training code: facts told, small talk, questions and the answers they call for.
 *
 * @module
 */

import templates from "../../models/gosling/training/templates.json" with {
  type: "json",
};
import { random } from "../../test/support/random.ts";

/** Where values come from: the training data, or words that were kept out of it. */
export type Source = "seen" | "held-out";

/** One message and the reply it calls for. */
export interface Exchange {
  /** What the user writes. */
  readonly user: string;
  /** What the assistant should say, word for word. */
  readonly reply: string;
}

/** A fact: how it is told, and how it is asked for. */
export interface Fact {
  /** Telling it. */
  readonly told: Exchange;
  /** Asking for it. */
  readonly asked: Exchange;
  /** What was told. */
  readonly value: string;
}

/** Facts that the grammar knows about one user. */
export const MOST_FACTS = templates.slots.length;

const DIALOGUE_VALUES: Readonly<Record<string, readonly string[]>> =
  templates.values;
const HELD_OUT: Readonly<Record<string, readonly string[] | undefined>> =
  templates.heldout.values;

interface Topic {
  readonly user: readonly string[];
  readonly replies: readonly string[];
}

/** A dialogue's author: the same seed writes the same dialogue. */
export class Author {
  readonly #nextRandom: () => number;

  /** An author of dialogue number `seed`. */
  constructor(seed: number) {
    this.#nextRandom = random(seed);
  }

  /** `count` different facts, in random order. */
  facts(count: number, source: Source): Fact[] {
    const slots = [...templates.slots];
    return Array.from({ length: count }, () => {
      const at = Math.floor(this.#nextRandom() * slots.length);
      return this.#fact(slots.splice(at, 1)[0], source);
    });
  }

  /** A message that tells no fact. */
  smallTalk(): Exchange {
    const { smalltalk, fixed } = templates;
    const topics = this.#nextRandom() < 0.75 ? smalltalk : fixed;
    const { user, replies } = this.#pickOne<Topic>(topics);
    return { user: this.#pickOne(user), reply: this.#pickOne(replies) };
  }

  #fact(slot: (typeof templates.slots)[number], source: Source): Fact {
    const known = DIALOGUE_VALUES[slot.type];
    const value = this.#pickOne(
      source === "seen" ? known : HELD_OUT[slot.type] ?? known,
    );
    const put = (text: string) => text.replaceAll("{v}", value);
    // A telling and its acknowledgement have the same index in the grammar.
    const tellings = slot.state.map((text, i) => ({
      user: text,
      reply: slot.ack[i % slot.ack.length],
    })).filter(({ user }) => !/\{(?:kind|pet)\}/.test(user));
    const telling = this.#pickOne(tellings);
    const questions = [
      ...slot.ask.filter((text) => !text.includes("{kind}")),
      ...templates.ask_wrappers.map((text) => text.replace("{np}", slot.np)),
    ];
    return {
      told: { user: put(telling.user), reply: put(telling.reply) },
      asked: { user: this.#pickOne(questions), reply: put(slot.answer) },
      value,
    };
  }

  #pickOne<T>(from: readonly T[]): T {
    return from[Math.floor(this.#nextRandom() * from.length)];
  }
}
