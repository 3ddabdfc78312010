/**
 * Finding stops in an answer, byte by byte: the automaton of Aho and Corasick
 * (1975, doi:10.1145/360825.360855). Where tokens begin and end does not matter
 * to it, so an answer stops at the same byte however it is cut into tokens.
 *
 * The stop that counts is the one that ends first; of several that end at one
 * byte, the longest. Its state says how many bytes at the end of the answer could
 * still become a stop, and must not be given out yet.
 *
 * @module
 */

import type { StopSequence } from "../engine.ts";

/** A place in the automaton: a prefix of a stop. */
class Node {
  /** Bytes of the prefix. */
  readonly depth: number;
  /** Where the next byte leads, if it goes on with the prefix. */
  readonly next: Map<number, Node> = new Map();
  /** The longest shorter prefix that this one ends with; none at the root. */
  fallback: Node | undefined;
  /** The longest stop that the prefix ends with. */
  found: Found | undefined;

  constructor(depth: number) {
    this.depth = depth;
  }

  /** The longest prefix that this one and `byte` end with. */
  go(byte: number): Node {
    const next = this.next.get(byte);
    if (next !== undefined) return next;
    return this.fallback === undefined ? this : this.fallback.go(byte);
  }
}

/** A stop, and how many bytes it has. */
export interface Found {
  /** As the turn named it. */
  readonly stop: StopSequence;
  /** Its length in UTF-8. */
  readonly length: number;
}

/** Looks for stops in one answer. */
export class StopSequenceMatcher {
  #matched: Node;

  /**
   * Builds the automaton.
   *
   * @param stops Of two with the same text, the first counts.
   */
  constructor(stops: readonly StopSequence[]) {
    this.#matched = link(plant(stops));
  }

  /** Bytes at the end of the answer that could still become a stop. */
  get held(): number {
    return this.#matched.depth;
  }

  /** Takes the next byte; returns the stop that it completes. */
  push(byte: number): Found | undefined {
    this.#matched = this.#matched.go(byte);
    return this.#matched.found;
  }
}

/** The trie of all stops. */
function plant(stops: readonly StopSequence[]): Node {
  const root = new Node(0);
  for (const stop of stops) {
    let node = root;
    for (const byte of new TextEncoder().encode(stop.text)) {
      const next = node.next.get(byte) ?? new Node(node.depth + 1);
      node.next.set(byte, next);
      node = next;
    }
    if (node !== root) node.found ??= { stop, length: node.depth };
  }
  return root;
}

/** Fills in the fallbacks, nearer nodes first; where they stop, so do these. */
function link(root: Node): Node {
  const queue = [root];
  for (const node of queue) {
    for (const [byte, child] of node.next) {
      child.fallback = node.fallback?.go(byte) ?? root;
      child.found ??= child.fallback.found;
      queue.push(child);
    }
  }
  return root;
}
