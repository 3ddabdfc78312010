/**
 * Finite automata over the UTF-8 bytes of a text. A state that is there can still
 * reach an accepted text: a step never leads into a dead end.
 *
 * @module
 */

import { type LetterRange, sequences } from "./letter_classes.ts";
import { refusedGrammar } from "../screen/grammar_bounds.ts";
import { spendWork } from "../work_bound.ts";

/** Where a text stands in an automaton. */
export interface TextState {
  /** Differs between all states of all automata. */
  readonly id: number;
  /** Whether the text may end here. */
  readonly accepting: boolean;
  /** Whether every text that goes on from here is accepted. */
  readonly certain: boolean;
  /** Fewest characters that are missing to an accepted text. */
  readonly missing: number;
  /** After one more byte; nothing where no accepted text goes on so. */
  step(byte: number): TextState | undefined;
}

/** A regular expression as a tree. */
export type Expression =
  | { readonly kind: "empty" | "begin" | "end" | "anything" }
  | { readonly kind: "letters"; readonly ranges: readonly LetterRange[] }
  | {
    readonly kind: "concat" | "either";
    readonly parts: readonly Expression[];
  }
  | {
    readonly kind: "repeat";
    readonly part: Expression;
    readonly least: number;
    readonly most: number;
  };

/** States of an automaton before it is made deterministic. */
const MOST_AUTOMATON_STATES = 1 << 16;

/** Deterministic states to remember. */
const REMEMBERED_STATES = 4096;

let ids = 0;

interface ByteEdge {
  readonly low: number;
  readonly high: number;
  readonly to: number;
  /** 1 where a character begins. */
  readonly characters: 0 | 1;
}

/** An automaton of a regular expression that a whole text has to match. */
export function automatonOf(expression: Expression): TextState | undefined {
  const builder = new Builder();
  const start = builder.state();
  const end = builder.state();
  builder.add(expression, start, end);
  return new Automaton(builder, end).start(start);
}

/** States with edges: for bytes, for nothing, and for the two ends of the text. */
class Builder {
  readonly bytes: ByteEdge[][] = [];
  readonly free: number[][] = [];
  readonly atBegin: number[][] = [];
  readonly atEnd: number[][] = [];
  /** States of any text, and where it may end. */
  readonly anything = new Map<number, number>();

  state(): number {
    if (this.bytes.length >= MOST_AUTOMATON_STATES) {
      throw refusedGrammar("its regular expressions are too large");
    }
    spendWork(2);
    this.free.push([]);
    this.atBegin.push([]);
    this.atEnd.push([]);
    return this.bytes.push([]) - 1;
  }

  add(expression: Expression, from: number, to: number): void {
    switch (expression.kind) {
      case "empty":
        this.free[from].push(to);
        return;
      case "begin":
        this.atBegin[from].push(to);
        return;
      case "end":
        this.atEnd[from].push(to);
        return;
      case "anything": {
        const loop = this.state();
        this.free[from].push(loop);
        this.bytes[loop].push({ low: 0, high: 0xff, to: loop, characters: 0 });
        this.free[loop].push(to);
        this.anything.set(loop, to);
        return;
      }
      case "letters":
        this.#letterPath(expression.ranges.flatMap(sequences), from, to, 1);
        return;
      case "either":
        for (const part of expression.parts) this.add(part, from, to);
        return;
      case "concat": {
        let at = from;
        for (const part of expression.parts) {
          const next = this.state();
          this.add(part, at, next);
          at = next;
        }
        this.free[at].push(to);
        return;
      }
      case "repeat":
        this.#repeatPart(expression, from, to);
    }
  }

  #repeatPart(
    { part, least, most }: Extract<Expression, { kind: "repeat" }>,
    from: number,
    to: number,
  ): void {
    let at = from;
    const once = () => {
      const next = this.state();
      this.add(part, at, next);
      at = next;
    };
    for (let i = 0; i < least; i++) once();
    if (most === Infinity) {
      const loop = this.state();
      this.free[at].push(loop);
      const back = this.state();
      this.add(part, loop, back);
      this.free[back].push(loop);
      this.free[loop].push(to);
      return;
    }
    for (let i = least; i < most; i++) {
      this.free[at].push(to);
      once();
    }
    this.free[at].push(to);
  }

  /** A prefix tree of sequences of bytes. */
  #letterPath(
    rest: readonly (readonly LetterRange[])[],
    from: number,
    to: number,
    characters: 0 | 1,
  ): void {
    const tails = new Map<string, (readonly LetterRange[])[]>();
    for (const [[low, high], ...tail] of rest) {
      if (tail.length === 0) {
        this.bytes[from].push({ low, high, to, characters });
        continue;
      }
      const key = `${low} ${high}`;
      const known = tails.get(key);
      if (known === undefined) tails.set(key, [tail]);
      else known.push(tail);
    }
    for (const [key, some] of tails) {
      const [low, high] = key.split(" ").map(Number);
      const next = this.state();
      this.bytes[from].push({ low, high, to: next, characters });
      this.#letterPath(some, next, to, 0);
    }
  }
}

/** Makes states deterministic as they are reached. */
class Automaton {
  readonly #byteEdges: Builder;
  /** Whether the end of the text may be here. */
  readonly #finalState: Uint8Array;
  /** Characters to a final state. */
  readonly #missingBytes: Float64Array;
  /** States from which any text is accepted. */
  readonly #certain = new Set<number>();
  readonly #knownStates = new Map<string, SubsetState>();

  constructor(edges: Builder, end: number) {
    this.#byteEdges = edges;
    const count = edges.bytes.length;
    const into = Array.from({ length: count }, (): number[] => []);
    const intoAtEnd = Array.from({ length: count }, (): number[] => []);
    for (let from = 0; from < count; from++) {
      for (const to of edges.free[from]) into[to].push(from);
      for (const to of edges.atEnd[from]) intoAtEnd[to].push(from);
    }
    this.#finalState = new Uint8Array(count);
    const finals = [end];
    this.#finalState[end] = 1;
    for (let state = finals.pop(); state !== undefined; state = finals.pop()) {
      for (const from of [...into[state], ...intoAtEnd[state]]) {
        if (this.#finalState[from] === 1) continue;
        this.#finalState[from] = 1;
        finals.push(from);
      }
    }
    this.#missingBytes = this.#distances(into);
    for (const [loop, to] of edges.anything) {
      if (leadsTo(edges, to, end)) this.#certain.add(loop);
    }
  }

  /** Breadth first from the final states, by characters. */
  #distances(into: readonly (readonly number[])[]): Float64Array {
    const { bytes } = this.#byteEdges;
    const byBytes = bytes.map((): [from: number, characters: number][] => []);
    bytes.forEach((edges, from) => {
      for (const { to, characters } of edges) {
        byBytes[to].push([from, characters]);
      }
    });
    const found = new Float64Array(bytes.length).fill(Infinity);
    let now = [...this.#finalState.keys()].filter((state) =>
      this.#finalState[state]
    );
    for (const state of now) found[state] = 0;
    for (let distance = 0; now.length > 0; distance++) {
      const later: number[] = [];
      for (let state = now.pop(); state !== undefined; state = now.pop()) {
        if (found[state] < distance) continue;
        const reach = (from: number, characters: number) => {
          if (found[from] <= distance + characters) return;
          found[from] = distance + characters;
          (characters === 0 ? now : later).push(from);
        };
        for (const from of into[state]) reach(from, 0);
        for (const [from, characters] of byBytes[state]) {
          reach(from, characters);
        }
      }
      now = later;
    }
    return found;
  }

  start(state: number): SubsetState | undefined {
    return this.#intern([state], true);
  }

  step({ states }: SubsetState, byte: number): SubsetState | undefined {
    const reached: number[] = [];
    for (const state of states) {
      for (const { low, high, to } of this.#byteEdges.bytes[state]) {
        if (byte >= low && byte <= high) reached.push(to);
      }
    }
    return this.#intern(reached, false);
  }

  #intern(reached: number[], begin: boolean): SubsetState | undefined {
    spendWork(1 + reached.length);
    const seen = new Set(reached);
    let kept: number[] = [];
    let accepting = false;
    let missing = Infinity;
    for (
      let state = reached.pop();
      state !== undefined;
      state = reached.pop()
    ) {
      const next = begin
        ? [...this.#byteEdges.free[state], ...this.#byteEdges.atBegin[state]]
        : this.#byteEdges.free[state];
      for (const to of next) {
        if (seen.has(to)) continue;
        seen.add(to);
        reached.push(to);
      }
      if (this.#finalState[state] === 1) accepting = true;
      if (this.#missingBytes[state] === Infinity) continue;
      missing = Math.min(missing, this.#missingBytes[state]);
      if (this.#byteEdges.bytes[state].length > 0) kept.push(state);
    }
    if (accepting) missing = 0;
    if (missing === Infinity) return undefined;
    const certain = kept.find((state) => this.#certain.has(state));
    if (certain !== undefined) kept = [certain];
    const key = `${accepting} ${kept.sort((a, b) => a - b).join(" ")}`;
    let found = this.#knownStates.get(key);
    if (found === undefined) {
      if (this.#knownStates.size >= REMEMBERED_STATES) {
        this.#knownStates.clear();
      }
      found = new SubsetState(
        this,
        kept,
        accepting,
        certain !== undefined,
        missing,
      );
      this.#knownStates.set(key, found);
    }
    return found;
  }
}

/** Whether nothing but edges without bytes lies between two states. */
function leadsTo({ free }: Builder, from: number, to: number): boolean {
  const seen = new Set([from]);
  for (const state of seen) for (const next of free[state]) seen.add(next);
  return seen.has(to);
}

class SubsetState implements TextState {
  readonly id = ids++;
  readonly #automaton: Automaton;
  readonly states: readonly number[];
  readonly accepting: boolean;
  readonly certain: boolean;
  readonly missing: number;
  readonly #nextStates: (SubsetState | null | undefined)[] = [];

  constructor(
    automaton: Automaton,
    states: readonly number[],
    accepting: boolean,
    certain: boolean,
    missing: number,
  ) {
    this.#automaton = automaton;
    this.states = states;
    this.accepting = accepting;
    this.certain = certain;
    this.missing = missing;
  }

  step(byte: number): SubsetState | undefined {
    let next = this.#nextStates[byte];
    if (next === undefined) {
      next = this.#automaton.step(this, byte) ?? null;
      this.#nextStates[byte] = next;
    }
    return next ?? undefined;
  }
}

/** A prefix tree of texts, whole ones alone. */
export class PrefixTree implements TextState {
  readonly id = ids++;
  /** The branches, by the next byte. */
  readonly next: Map<number, PrefixTree> = new Map();
  /** The text that ends here. */
  text: string | undefined;
  readonly certain = false;
  missing: number = Infinity;

  /** Takes texts in. */
  static of(texts: Iterable<string>): PrefixTree {
    const root = new PrefixTree();
    const encoder = new TextEncoder();
    for (const text of texts) {
      let missing = [...text].length;
      let node = root;
      node.missing = Math.min(node.missing, missing);
      for (const byte of encoder.encode(text)) {
        let next = node.next.get(byte);
        if (next === undefined) node.next.set(byte, next = new PrefixTree());
        node = next;
        if ((byte & 0xc0) !== 0x80) missing--;
        node.missing = Math.min(node.missing, missing);
      }
      node.text = text;
    }
    return root;
  }

  get accepting(): boolean {
    return this.text !== undefined;
  }

  step(byte: number): PrefixTree | undefined {
    return this.next.get(byte);
  }
}

/** Whether an automaton accepts a text. */
export function accepts(start: TextState | undefined, text: string): boolean {
  let state = start;
  for (const byte of new TextEncoder().encode(text)) state = state?.step(byte);
  return state?.accepting ?? false;
}

/** Any text at all. */
export const ANYTHING: Expression = { kind: "anything" };
