/**
 * One kind of thing by its key: in IndexedDB, or, where the browser keeps no
 * storage, in memory until the tab is closed.
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
    this.#store = createStore(`gosling-${name}`, name);
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
    return new Map(
      this.#store ? await entries<string, T>(this.#store) : this.#memory,
    );
  }

  /** One thing, if it is there. */
  async get(key: string): Promise<T | undefined> {
    return this.#store ? await get<T>(key, this.#store) : this.#memory.get(key);
  }

  /** Several things, each if it is there. */
  async getMany(keys: readonly string[]): Promise<(T | undefined)[]> {
    return this.#store
      ? await getMany<T>([...keys], this.#store)
      : keys.map((key) => this.#memory.get(key));
  }

  /** Puts a thing there. */
  async set(key: string, value: T): Promise<void> {
    if (this.#store) await set(key, value, this.#store);
    else this.#memory.set(key, value);
  }

  /** Takes things away. */
  async remove(keys: readonly string[]): Promise<void> {
    if (this.#store) await delMany([...keys], this.#store);
    else for (const key of keys) this.#memory.delete(key);
  }
}
