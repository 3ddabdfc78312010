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
  readonly #memoryStore = new Map<string, T>();
  #objectStore: UseStore | undefined;

  /** Opens nothing yet. */
  constructor(name: string) {
    try {
      this.#objectStore = createStore(`gosling-${name}`, name);
    } catch {
      this.#objectStore = undefined;
    }
  }

  /** Whether things stay when the tab is closed; looks the first time. */
  async lasts(): Promise<boolean> {
    try {
      if (this.#objectStore) await get("", this.#objectStore);
    } catch {
      this.#objectStore = undefined;
    }
    return this.#objectStore !== undefined;
  }

  /** Everything on it. */
  async all(): Promise<ReadonlyMap<string, T>> {
    return new Map([
      ...this.#objectStore ? await entries<string, T>(this.#objectStore) : [],
      ...this.#memoryStore,
    ]);
  }

  /** One thing, if it is there. */
  async get(key: string): Promise<T | undefined> {
    const held = this.#memoryStore.get(key);
    return held === undefined && this.#objectStore
      ? await get<T>(key, this.#objectStore)
      : held;
  }

  /** Several things, each if it is there. */
  async getMany(keys: readonly string[]): Promise<(T | undefined)[]> {
    const found = this.#objectStore
      ? await getMany<T>([...keys], this.#objectStore)
      : [];
    return keys.map((key, i) => this.#memoryStore.get(key) ?? found[i]);
  }

  /**
   * Puts a thing there.
   *
   * @returns Whether it stays for as long as the others do: a browser without room
   * fails, and the thing is held in memory.
   */
  async set(key: string, value: T): Promise<boolean> {
    try {
      if (this.#objectStore) {
        await set(key, value, this.#objectStore);
        this.#memoryStore.delete(key);
        return true;
      }
    } catch {
      this.#memoryStore.set(key, value);
      return false;
    }
    this.#memoryStore.set(key, value);
    return true;
  }

  /** Takes things away. */
  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#memoryStore.delete(key);
    if (this.#objectStore) await delMany([...keys], this.#objectStore);
  }
}
