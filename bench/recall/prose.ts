/**
 * Texts that say nothing worth keeping, without end: plain sentences of our own,
 * made of lists. The same seed writes the same text.
 *
 * @module
 */

import { random } from "../../test/support/random.ts";
import type { Exchange } from "../../lab/curse/dialogue.ts";

const WHO = [
  ..."the baker,the ferryman,a gardener,the night watchman,her neighbour".split(
    ",",
  ),
  ..."an old sailor,the librarian,a travelling fiddler,the miller".split(","),
  ..."the teacher,a young carpenter,the postmistress,our cousin".split(","),
];
const DID = [
  ..."mended the fence,counted the lanterns,swept the long hall".split(","),
  ..."waited for the last train,painted the shutters blue".split(","),
  ..."carried apples to the cellar,read the newspaper twice".split(","),
  ..."listened to the rain,folded the heavy curtains".split(","),
  ..."walked along the canal,looked for the missing umbrella".split(","),
  ..."talked about the harvest,sharpened every pencil".split(","),
];
const WHEN = [
  ..."in the morning,after the bells had rung,before supper".split(","),
  ..."while the kettle boiled,on the way home,late in the autumn".split(","),
  ..."as the fog lifted,without saying a word,for the third time".split(","),
  ..."until the lamps were lit,all afternoon,under a grey sky".split(","),
];

/** Sentences of one message. */
const PARAGRAPH = 5;

/** What a reader of prose answers to each part. */
const READ = "I have read it.";

/** An author of prose. */
export class ProseAuthor {
  readonly #next: () => number;

  /** An author of text number `seed`. */
  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** A part of the text, as a message, with `needle` amid it if there is one. */
  part(needle?: string): Exchange {
    const sentences = Array.from({ length: PARAGRAPH }, () => this.#sentence());
    if (needle !== undefined) sentences.splice(PARAGRAPH >> 1, 0, needle);
    return { user: sentences.join(" "), reply: READ };
  }

  /** A number in [0, 1). */
  chance(): number {
    return this.#next();
  }

  /** One of `from`. */
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#next() * from.length)];
  }

  /** `count` different ones of `from`. */
  sample<T>(from: readonly T[], count: number): T[] {
    const left = [...from];
    return Array.from(
      { length: count },
      () => left.splice(Math.floor(this.#next() * left.length), 1)[0],
    );
  }

  #sentence(): string {
    const text = `${this.pick(WHO)} ${this.pick(DID)} ${this.pick(WHEN)}.`;
    return text[0].toUpperCase() + text.slice(1);
  }
}
