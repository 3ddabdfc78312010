/**
 * A trie over bytes for finding the longest token. Nodes live in one hash table of
 * flat arrays, and a node's number is its place there: 65,000 tokens take 8 MB and
 * a step is one or two loads.
 *
 * @module
 */

/** Bytes of all strings at most: a place and a byte are 32 bits together. */
export const TRIE_BYTES: number = 2 ** 22 - 1;

/** Byte strings and the numbers they stand for. */
export class ByteTrie {
  readonly #trieMask: number;
  /**
   * At each place an edge, `above << 8 | byte` with the place of the node above, plus
   * 1 so that 0 is free, and the number of the node below it, 0 for none.
   */
  readonly #trieNodes: Uint32Array;
  readonly #trieRoot: number;

  /**
   * An empty trie.
   *
   * @param bytes Room for strings of so many bytes in all, {@linkcode TRIE_BYTES} at
   * most.
   */
  constructor(bytes: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * bytes + 2));
    this.#trieMask = places - 1;
    this.#trieRoot = places;
    this.#trieNodes = new Uint32Array(2 * places);
  }

  /**
   * Adds a string unless it is there.
   *
   * @param value Not 0.
   * @returns The number the string stands for: `value`, or what it was before.
   */
  add(string: Uint8Array, value: number): number {
    const nodes = this.#trieNodes;
    let node = this.#trieRoot;
    for (let i = 0; i < string.length; i++) {
      const edge = (node << 8 | string[i]) + 1 >>> 0;
      node = this.#placeWord(edge);
      nodes[2 * node] = edge;
    }
    return nodes[2 * node + 1] ||= value;
  }

  /** The number of the longest string that `bytes` has at `at`; 0 for none. */
  longest(bytes: Uint8Array, at: number): number {
    const nodes = this.#trieNodes;
    let node = this.#trieRoot, found = 0;
    for (; at < bytes.length; at++) {
      node = this.#placeWord((node << 8 | bytes[at]) + 1 >>> 0);
      if (nodes[2 * node] === 0) break;
      found = nodes[2 * node + 1] || found;
    }
    return found;
  }

  /** Where an edge is, or the free place where it would be. */
  #placeWord(edge: number): number {
    const nodes = this.#trieNodes, mask = this.#trieMask;
    let place = (Math.imul(edge, 0x9e3779b1) >>> 8) & mask;
    while (nodes[2 * place] !== 0 && nodes[2 * place] !== edge) {
      place = (place + 1) & mask;
    }
    return place;
  }
}
