/**
 * A trie over bytes for finding the longest token. Edges live in one hash table
 * of flat arrays: 65,000 tokens take 8 MB and a step is one or two loads.
 *
 * @module
 */

/** Byte strings and the numbers they stand for. */
export class ByteTrie {
  readonly #mask: number;
  /** `node << 8 | byte`, plus 1 so that 0 is a free place. */
  readonly #edges: Uint32Array;
  readonly #children: Uint32Array;
  /** Number at each node, 0 for none. */
  readonly #values: Uint32Array;
  #nodes = 1;

  /**
   * An empty trie.
   *
   * @param bytes Room for strings of so many bytes in all, below 2²⁴.
   */
  constructor(bytes: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * bytes + 2));
    this.#mask = places - 1;
    this.#edges = new Uint32Array(places);
    this.#children = new Uint32Array(places);
    this.#values = new Uint32Array(bytes + 1);
  }

  /**
   * Adds a string unless it is there.
   *
   * @param value Not 0.
   * @returns The number the string stands for: `value`, or what it was before.
   */
  add(string: Uint8Array, value: number): number {
    let node = 0;
    for (const byte of string) {
      const place = this.#place(node, byte);
      if (this.#edges[place] === 0) {
        this.#edges[place] = (node << 8 | byte) + 1;
        this.#children[place] = this.#nodes++;
      }
      node = this.#children[place];
    }
    return this.#values[node] ||= value;
  }

  /** The number of the longest string that `bytes` has at `at`; 0 for none. */
  longest(bytes: Uint8Array, at: number): number {
    let node = 0, found = 0;
    for (; at < bytes.length; at++) {
      const place = this.#place(node, bytes[at]);
      if (this.#edges[place] === 0) break;
      node = this.#children[place];
      found = this.#values[node] || found;
    }
    return found;
  }

  /** Where an edge is, or the free place where it would be. */
  #place(node: number, byte: number): number {
    const edge = (node << 8 | byte) + 1;
    let place = (Math.imul(edge, 0x9e3779b1) >>> 8) & this.#mask;
    while (this.#edges[place] !== 0 && this.#edges[place] !== edge >>> 0) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }
}
