/**
 * What is asked of a memory, as dialogues: each knows the cells of the table that
 * its questions count for.
 *
 * @module
 */

import { says } from "./rules.ts";
import { type Asked, type Kind, KINDS, slotsOf, Talk } from "./talk.ts";

/** The rows of the tables. */
export type Cell =
  | {
    readonly row: "one fact" | "six facts" | "all six" | "unknown";
    readonly after: number;
  }
  | { readonly row: "overwritten" | "kept" | "forgotten" | "ten facts" }
  | {
    readonly row:
      | "several in one sentence"
      | "two of a kind"
      | "out of scope"
      | "small talk";
  };

/** A question at one point of a dialogue, asked on the side unless it stays. */
export interface Question extends Asked {
  /** What it counts for. */
  readonly cell: Cell;
  /** The value before a correction, or before it was to be forgotten. */
  readonly before?: string;
}

/** One step of a dialogue: a message, or questions on copies of the state. */
export type Step = string | readonly Question[];

/** A dialogue. */
export interface Dialogue {
  /** Where its values and wordings come from. */
  readonly kind: Kind;
  /** Its steps. */
  readonly steps: readonly Step[];
}

/** How much to ask. */
export interface Amount {
  /** Dialogues of each kind; longer ones are rarer. */
  readonly rows: number;
  /** Messages between telling and asking, ascending. */
  readonly distances: readonly number[];
  /** Whether facts are taken back, too. */
  readonly forgetting?: boolean;
  /** Where values and wordings come from; all. */
  readonly kinds?: readonly Kind[];
}

/** Every dialogue of the evaluation. */
export function dialogues(
  { rows, distances, forgetting = false, kinds = KINDS }: Amount,
): Dialogue[] {
  return kinds.flatMap((kind) =>
    Array.from({ length: rows }, (_, row) => [
      remembering(kind, row, 1, distances),
      ...(row % 5 === 0
        ? [remembering(kind, row, 6, distances.filter((d) => d <= 100))]
        : []),
      ...(row % 2 === 0 ? [correcting(kind, row)] : []),
      ...(forgetting && row % 2 === 0 ? [takingBack(kind, row)] : []),
      ...(row % 5 === 0 && kind !== "made-up words" ? [ten(kind, row)] : []),
    ]).flat()
  );
}

/** Facts, then questions after more and more talk about other things. */
function remembering(
  kind: Kind,
  row: number,
  count: number,
  distances: readonly number[],
): Dialogue {
  const talk = new Talk(`${count} ${kind} ${row}`, kind);
  const slots = slotsOf(kind).filter(({ id }) => id !== "pet");
  const name = slots.filter(({ id }) => id === "name");
  const others = slots.filter(({ id }) => id !== "name");
  const told = count > 1
    ? [...name, ...talk.sample(others, count - 1)]
    : row % 2 === 0
    ? name
    : talk.sample(others, 1);
  const steps: Step[] = told.map((slot) => talk.tell(slot));
  for (let after = 1; after <= Math.max(...distances); after++) {
    steps.push(talk.smallTalk());
    if (!distances.includes(after)) continue;
    const row = count === 1 ? "one fact" : "six facts";
    const unknown = talk.pick(
      slotsOf("seen values").filter(({ id }) => !talk.facts.has(id)),
    );
    steps.push([
      ...told.map((slot) => ({
        ...talk.ask(slot),
        cell: { row, after } as const,
      })),
      { ...talk.ask(unknown), cell: { row: "unknown", after } },
      ...count > 1
        ? [{ ...talk.list(), cell: { row: "all six", after } as const }]
        : [],
    ]);
  }
  return { kind, steps };
}

/** Six facts, two of them corrected later: the new ones and the untouched ones. */
function correcting(kind: Kind, row: number): Dialogue {
  const talk = new Talk(`over ${kind} ${row}`, kind);
  const slots = slotsOf(kind).filter(({ id }) => id !== "pet");
  const told = talk.sample(slots, 6);
  const steps: Step[] = told.map((slot) => talk.tell(slot));
  for (let i = 0; i < 5; i++) steps.push(talk.smallTalk());
  const corrected = told.slice(0, 2);
  const before = new Map(talk.facts);
  steps.push(...corrected.map((slot) => talk.tell(slot)));
  for (let i = 0; i < 20; i++) steps.push(talk.smallTalk());
  steps.push(told.map((slot) => {
    const asked = talk.ask(slot);
    const old = before.get(slot.id);
    // A new value may have the old one in it: "green tea" for "tea".
    const other = old !== undefined &&
      !asked.values.some((value) => says(value, old));
    return corrected.includes(slot)
      ? {
        ...asked,
        cell: { row: "overwritten" },
        ...(other && { before: old, never: [old] }),
      }
      : { ...asked, cell: { row: "kept" } };
  }));
  return { kind, steps };
}

/** Six facts, two of them taken back later: an answer must not have them. */
function takingBack(kind: Kind, row: number): Dialogue {
  const talk = new Talk(`forget ${kind} ${row}`, kind);
  const slots = slotsOf(kind).filter(({ id }) => id !== "pet");
  const told = talk.sample(slots, 6);
  const steps: Step[] = told.map((slot) => talk.tell(slot));
  for (let i = 0; i < 5; i++) steps.push(talk.smallTalk());
  const before = new Map(talk.facts);
  const gone = told.slice(0, 2);
  steps.push(...gone.map((slot) => talk.forget(slot)));
  for (let i = 0; i < 20; i++) steps.push(talk.smallTalk());
  steps.push(gone.map((slot) => {
    const asked = talk.ask(slot);
    const old = before.get(slot.id) ?? "";
    return {
      ...asked,
      cell: { row: "forgotten" },
      before: old,
      never: [...asked.never ?? [], old],
    };
  }));
  return { kind, steps };
}

/** Ten facts, each asked for after fifty messages. */
function ten(kind: Kind, row: number): Dialogue {
  const talk = new Talk(`ten ${kind} ${row}`, kind);
  const told = talk.sample(slotsOf(kind).filter(({ id }) => id !== "pet"), 10);
  const steps: Step[] = told.map((slot) => talk.tell(slot));
  for (let i = 0; i < 50; i++) steps.push(talk.smallTalk());
  steps.push(
    told.map((slot) => ({ ...talk.ask(slot), cell: { row: "ten facts" } })),
  );
  return { kind, steps };
}
