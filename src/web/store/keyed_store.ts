/**
 * One kind of thing by its key: in IndexedDB, or, where the browser keeps no
 * storage or has no room left, in memory until the tab is closed.
 *
 * @module
 */

import {
  createStore,
  delMany,
  entries,
  get,
  getMany,
  set,
  type UseStore,
} from "idb-keyval";

/** A shelf. */
export class KeyedStore<T> {
  readonly #memory = new Map<string, T>();
  #store: UseStore | undefined;

  /** Opens nothing yet. */
  constructor(name: string) {
    try {
      this.#store = createStore(`gosling-${name}`, name);
    } catch {
      this.#store = undefined;
    }
  }

  /** Whether things stay when the tab is closed; looks the first time. */
  async lasts(): Promise<boolean> {
    try {
      if (this.#store) await get("", this.#store);
    } catch {
      this.#store = undefined;
    }
    return this.#store !== undefined;
  }

  /** Everything on it. */
  async all(): Promise<ReadonlyMap<string, T>> {
    return new Map([
      ...this.#store ? await entries<string, T>(this.#store) : [],
      ...this.#memory,
    ]);
  }

  /** One thing, if it is there. */
  async get(key: string): Promise<T | undefined> {
    const held = this.#memory.get(key);
    return held === undefined && this.#store
      ? await get<T>(key, this.#store)
      : held;
  }

  /** Several things, each if it is there. */
  async getMany(keys: readonly string[]): Promise<(T | undefined)[]> {
    const found = this.#store ? await getMany<T>([...keys], this.#store) : [];
    return keys.map((key, i) => this.#memory.get(key) ?? found[i]);
  }

  /**
   * Puts a thing there.
   *
   * @returns Whether it stays for as long as the others do: a browser without room
   * fails, and the thing is held in memory.
   */
  async set(key: string, value: T): Promise<boolean> {
    try {
      if (this.#store) {
        await set(key, value, this.#store);
        this.#memory.delete(key);
        return true;
      }
    } catch {
      this.#memory.set(key, value);
      return false;
    }
    this.#memory.set(key, value);
    return true;
  }

  /** Takes things away. */
  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#memory.delete(key);
    if (this.#store) await delMany([...keys], this.#store);
  }
}
