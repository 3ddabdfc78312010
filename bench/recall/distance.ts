/**
 * How far back a model remembers: facts told, then talk about nothing, and every
 * fact asked for on the way.
 *
 * @module
 */

import { Author } from "../../lab/curse/dialogue.ts";
import { hayOf, Reader } from "./reader.ts";
import { credit } from "./rules.ts";
import { seedOf } from "./talk.ts";
import type { Subject } from "./subject.ts";

/** Answers at one distance. */
export interface Remembered {
  /** Facts told at the beginning. */
  readonly facts: number;
  /** Tokens read since the last of them, about. */
  readonly distance: number;
  /** Questions. */
  readonly asked: number;
  /** Right answers. */
  readonly right: number;
}

/** One text, to its end. */
export interface FarText {
  /** Facts to tell. */
  readonly facts: number;
  /** Which text of that number of facts. */
  readonly seed: number;
  /** Where to ask, in tokens since the last fact, ascending. */
  readonly distances: readonly number[];
}

/**
 * Reads one text and asks on the way.
 *
 * @param log Told at each distance what was right and what was said instead.
 */
export async function readFar(
  subject: Subject,
  { facts, seed, distances }: FarText,
  log: (line: string) => void = () => {},
): Promise<Remembered[]> {
  const author = new Author(seedOf(`far ${facts} ${seed}`));
  const told = author.facts(facts, "seen");
  const reader = new Reader(subject, hayOf(() => author.smallTalk()));
  for (const fact of told) await reader.tell(fact.told);
  const begin = reader.position;
  const found: Remembered[] = [];
  for (const distance of distances) {
    await reader.until(begin + distance);
    let right = 0;
    const wrong: string[] = [];
    for (const { asked, value } of told) {
      const said = await subject.ask(asked.user, reader.token);
      if (credit(said, { values: [value] }) === 1) right++;
      else wrong.push(`${value}: ${said.trim()}`);
    }
    found.push({ facts, distance, asked: told.length, right });
    log(
      [
        `facts ${facts}`,
        `text ${seed}`,
        `tokens since ${reader.position - begin}`,
        `right ${right} of ${told.length}`,
        ...wrong,
      ].join(" | "),
    );
  }
  return found;
}

/** Adds up what was found at the same distance with as many facts. */
export function total(rows: readonly Remembered[]): Remembered[] {
  const sums = new Map<string, Remembered>();
  for (const row of rows) {
    const key = `${row.facts} ${row.distance}`;
    const { asked = 0, right = 0 } = sums.get(key) ?? {};
    sums.set(key, {
      ...row,
      asked: asked + row.asked,
      right: right + row.right,
    });
  }
  return [...sums.values()].sort((a, b) =>
    a.facts - b.facts || a.distance - b.distance
  );
}

/** Shares that say where remembering ends. */
export const WHOLE = 0.95, HALF = 0.5;

/** Where a line of {@linkcode total} ends. */
export interface End {
  /** The farthest distance up to which at least {@linkcode WHOLE} was right. */
  readonly whole: number | undefined;
  /** The first distance at which less than {@linkcode HALF} was right. */
  readonly half: number | undefined;
}

/** Where remembering ends, for rows of as many facts by ascending distance. */
export function endOf(rows: readonly Remembered[]): End {
  const share = ({ right, asked }: Remembered) => right / asked;
  const lost = rows.findIndex((row) => share(row) < WHOLE);
  const whole = lost < 0 ? rows.at(-1) : rows[lost - 1];
  const half = rows.find((row) => share(row) < HALF);
  return { whole: whole?.distance, half: half?.distance };
}
