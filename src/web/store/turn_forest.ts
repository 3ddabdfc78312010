/**
 * Turns as trees: who comes after whom, and the rows in which a tree is drawn.
 *
 * @module
 */

import type { StoredTurn } from "./stored_turn.ts";

/** A turn, where it is drawn. */
export interface Row {
  /** The turn. */
  readonly turn: StoredTurn;
  /** How many forks deep it is. */
  readonly lane: number;
  /** Whether a fork begins here. */
  readonly begins: boolean;
  /** Whether its lane goes on below. */
  readonly goesOn: boolean;
}

/** Every turn by its parent; roots, and turns whose parent is gone, by null. */
export class Forest {
  readonly #children = new Map<string | null, StoredTurn[]>();

  /** Sorts turns by age under their parents. */
  constructor(turns: ReadonlyMap<string, StoredTurn>) {
    const sorted = [...turns.values()].sort((a, b) => a.id < b.id ? -1 : 1);
    for (const turn of sorted) {
      const parent = turn.parent !== null && turns.has(turn.parent)
        ? turn.parent
        : null;
      const siblings = this.#children.get(parent);
      if (siblings === undefined) this.#children.set(parent, [turn]);
      else siblings.push(turn);
    }
  }

  /** The turns that no other comes before. */
  get roots(): readonly StoredTurn[] {
    return this.children(null);
  }

  /** The turns right after `id`, oldest first. */
  children(id: string | null): readonly StoredTurn[] {
    return this.#children.get(id) ?? [];
  }

  /** The turn reached from `turn` by always taking the newest fork. */
  newestLeaf(turn: StoredTurn): StoredTurn {
    let leaf = turn;
    for (;;) {
      const next = this.children(leaf.id).at(-1);
      if (next === undefined) return leaf;
      leaf = next;
    }
  }

  /**
   * A tree in rows: the oldest line straight down, each fork one lane to the
   * right, before the line it left goes on.
   */
  rows(root: StoredTurn): Row[] {
    const rows: Row[] = [];
    const waiting = [{ turn: root, lane: 0, begins: false }];
    for (;;) {
      const next = waiting.pop();
      if (next === undefined) return rows;
      const [first, ...forks] = this.children(next.turn.id);
      rows.push({ ...next, goesOn: first !== undefined });
      if (first === undefined) continue;
      waiting.push({ turn: first, lane: next.lane, begins: false });
      for (const turn of forks.reverse()) {
        waiting.push({ turn, lane: next.lane + 1, begins: true });
      }
    }
  }
}

const forests = new WeakMap<ReadonlyMap<string, StoredTurn>, Forest>();

/** The forest of these turns, grown once. */
export function forestOf(turns: ReadonlyMap<string, StoredTurn>): Forest {
  const known = forests.get(turns);
  if (known !== undefined) return known;
  const forest = new Forest(turns);
  forests.set(turns, forest);
  return forest;
}

/** What a conversation is called: its first words. */
export function titleOf(
  { kind, user, edited, past = [] }: StoredTurn,
): string {
  const words = kind === "import" ? past[0]?.user ?? edited ?? "" : user;
  return words.trim() || "Imported save";
}
