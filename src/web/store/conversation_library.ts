/**
 * All turns and slots, in IndexedDB. Turns are only ever added, each under its
 * own key, and every tab is told: two tabs cannot lose each other's work.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { KeyedStore } from "./keyed_store.ts";
import type { Slot, StoredTurn } from "./stored_turn.ts";

/** What one tab tells the others. */
interface News {
  readonly turns?: readonly string[];
  readonly slots?: readonly string[];
}

/** The shelf of turns, slots and saves. */
export class Library {
  /** Every turn by id. */
  readonly turns: Signal<ReadonlyMap<string, StoredTurn>> = signal(
    new Map(),
  );
  /** Every slot by id. */
  readonly slots: Signal<ReadonlyMap<string, Slot>> = signal(
    new Map(),
  );
  readonly #turnStore = new KeyedStore<StoredTurn>("turns");
  readonly #stateStore = new KeyedStore<string>("states");
  readonly #slotStore = new KeyedStore<Slot>("slots");
  readonly #tabs = channel();

  /**
   * Reads everything but the saves themselves.
   *
   * @returns Whether what is kept here stays when the tab is closed.
   */
  async open(): Promise<boolean> {
    if (this.#tabs) {
      this.#tabs.onmessage = ({ data }: MessageEvent<News>) =>
        this.#hearTab(data);
    }
    const shelves = [this.#turnStore, this.#stateStore, this.#slotStore];
    const last = await Promise.all(shelves.map((shelf) => shelf.lasts()));
    const [turns, slots] = [
      await this.#turnStore.all(),
      await this.#slotStore.all(),
    ];
    // Other tabs may have told of more while this was read.
    this.turns.value = new Map([...turns, ...this.turns.value]);
    this.slots.value = new Map([...slots, ...this.slots.value]);
    return last.every(Boolean);
  }

  /**
   * Keeps a turn; its save goes first, so that no turn is without one.
   *
   * @returns Whether it stays; where there is no room for it, it is held until the
   * tab is closed.
   */
  async addTurn(turn: StoredTurn, state: string): Promise<boolean> {
    const stays = await this.#stateStore.set(turn.id, state);
    // Without its save it would be a turn from which nothing goes on.
    const kept = stays && await this.#turnStore.set(turn.id, turn);
    this.turns.value = new Map(this.turns.value).set(turn.id, turn);
    if (kept) this.#tellTabs({ turns: [turn.id] });
    return kept;
  }

  /** The last turn up to `id` whose save is still there; null if none is. */
  async nearestSaved(id: string): Promise<StoredTurn | null> {
    for (const turn of this.path(id).reverse()) {
      if (await this.state(turn.id) !== undefined) return turn;
    }
    return null;
  }

  /** The save that a turn left. */
  async state(turn: string): Promise<string | undefined> {
    return await this.#stateStore.get(turn);
  }

  /** Keeps a slot, or what changed of it. */
  async putSlot(slot: Slot): Promise<void> {
    await this.#slotStore.set(slot.id, slot);
    this.slots.value = new Map(this.slots.value).set(slot.id, slot);
    this.#tellTabs({ slots: [slot.id] });
  }

  /** Forgets a slot; the turn stays in its tree. */
  async removeSlot(id: string): Promise<void> {
    await this.#slotStore.remove([id]);
    this.slots.value = without(this.slots.value, [id]);
    this.#tellTabs({ slots: [id] });
  }

  /** Forgets turns, their saves and the slots that point at them. */
  async removeTurns(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids);
    for (const { id, turn } of this.slots.value.values()) {
      if (gone.has(turn)) await this.removeSlot(id);
    }
    await this.#turnStore.remove(ids);
    await this.#stateStore.remove(ids);
    this.turns.value = without(this.turns.value, ids);
    this.#tellTabs({ turns: ids });
  }

  /** The turns from the root to `id`. */
  path(id: string | null): StoredTurn[] {
    const path: StoredTurn[] = [];
    for (let at = id; at !== null;) {
      const turn = this.turns.value.get(at);
      if (turn === undefined) break;
      path.push(turn);
      at = turn.parent;
    }
    return path.reverse();
  }

  #tellTabs(news: News): void {
    this.#tabs?.postMessage(news);
  }

  async #hearTab({ turns = [], slots = [] }: News): Promise<void> {
    if (turns.length > 0) {
      const found = await this.#turnStore.getMany(turns);
      this.turns.value = merged(this.turns.value, turns, found);
    }
    if (slots.length > 0) {
      const found = await this.#slotStore.getMany(slots);
      this.slots.value = merged(this.slots.value, slots, found);
    }
  }
}

/** What tabs hear each other on; absent where the browser gives them nothing. */
function channel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel("gosling");
  } catch {
    return undefined;
  }
}

/** `map` with what was found under `keys`, and without what was not. */
function merged<T>(
  map: ReadonlyMap<string, T>,
  keys: readonly string[],
  found: readonly (T | undefined)[],
): ReadonlyMap<string, T> {
  const next = new Map(map);
  keys.forEach((key, i) => {
    const value = found[i];
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  });
  return next;
}

function without<T>(
  map: ReadonlyMap<string, T>,
  keys: readonly string[],
): ReadonlyMap<string, T> {
  const next = new Map(map);
  for (const key of keys) next.delete(key);
  return next;
}
