/**
 * Which saves a keeper has, by their keys, and of those that have read a text, by the
 * text's length: a history that is a text is cut at these lengths to be found.
 *
 * @module
 */

import type { KeptName } from "./kept_file.ts";

/** The names of a folder's saves. */
export class KeptIndex {
  /** Lengths of texts, or nothing, by keys; none before the folder was read. */
  #lengthsByKey: Map<string, number | undefined> | undefined;
  readonly #keysByLength = new Map<number, Set<string>>();

  /** Whether the folder was read. */
  get filled(): boolean {
    return this.#lengthsByKey !== undefined;
  }

  /** Keys of saves of texts, by the texts' lengths. */
  get texts(): ReadonlyMap<number, ReadonlySet<string>> {
    return this.#keysByLength;
  }

  /** Whether the folder has a save. */
  has(key: string): boolean {
    return this.#lengthsByKey?.has(key) ?? false;
  }

  /** The length of the text that a save has read, if it is of one. */
  lengthOf(key: string): number | undefined {
    return this.#lengthsByKey?.get(key);
  }

  /** Replaces all by what was found in the folder. */
  fill(names: Iterable<KeptName>): void {
    this.#lengthsByKey = new Map();
    this.#keysByLength.clear();
    for (const name of names) this.add(name);
  }

  /** Adds a save. */
  add({ key, length }: KeptName): void {
    this.#lengthsByKey?.set(key, length);
    if (length === undefined) return;
    const keys = this.#keysByLength.get(length) ?? new Set();
    this.#keysByLength.set(length, keys.add(key));
  }

  /** Takes a save out. */
  delete(key: string): void {
    const length = this.lengthOf(key);
    this.#lengthsByKey?.delete(key);
    if (length !== undefined) this.#keysByLength.get(length)?.delete(key);
  }
}
