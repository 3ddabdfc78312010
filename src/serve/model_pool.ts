/**
 * Things that are large and slow to get, of which only so many fit at once: each
 * is got when it is first wanted, and the one unused for longest goes when room is
 * needed. What somebody uses never goes.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { formatBytes as inWords } from "../text/format_units.ts";

/** Something that can be had. */
export interface PoolItem<T> {
  /** Its name. */
  readonly id: string;
  /** Bytes that it takes; asked for before it is opened. */
  bytes(): Promise<number>;
  /** Gets it. */
  open(): Promise<T>;
}

/** Something on loan; it stays until it is given back. */
export interface Borrowed<T> {
  /** It. */
  readonly thing: T;
  /** Gives it back; the second time does nothing. */
  release(): void;
}

/** Something that can be let go. */
export interface PooledModel {
  /** Frees all that it takes. */
  dispose(): Promise<void>;
}

/** An item's place. */
interface PoolPlace<T> {
  readonly item: PoolItem<T>;
  /** While it is wanted. */
  wanted: Promise<T> | undefined;
  /** Once it is there. */
  thing: T | undefined;
  /** While it goes. */
  leaving: Promise<void> | undefined;
  /** Bytes that it takes, or is about to take. */
  taken: number;
  users: number;
  /** When it was last given back, in loans. */
  last: number;
}

/** Holds as many items as fit. */
export class ModelPool<T extends PooledModel> {
  readonly #memoryLimit: number;
  readonly #poolPlaces: ReadonlyMap<string, PoolPlace<T>>;
  #loans = 0;

  /**
   * Holds nothing yet.
   *
   * @param items What can be had.
   * @param limit Bytes that all of it may take at once.
   */
  constructor(items: readonly PoolItem<T>[], limit: number) {
    this.#memoryLimit = limit;
    this.#poolPlaces = new Map(items.map((item) => [item.id, {
      item,
      wanted: undefined,
      thing: undefined,
      leaving: undefined,
      taken: 0,
      users: 0,
      last: 0,
    }]));
  }

  /** What is there of an item, and whether it is about to be. */
  look(
    id: string,
  ): { readonly thing: T | undefined; readonly wanted: boolean } {
    const { thing, wanted } = this.#poolPlace(id);
    return { thing, wanted: wanted !== undefined };
  }

  /**
   * Lends an item, getting it first if it is not there. Everybody who wants it
   * meanwhile waits for the same; a failure is everybody's, and the next to want
   * it tries again.
   *
   * @throws {ModelError} `ERR_MODEL_TOO_LARGE` if it is larger than the pool,
   * `ERR_MODEL_BUSY` if it does not fit beside what is in use.
   */
  async borrow(id: string): Promise<Borrowed<T>> {
    const place = this.#poolPlace(id);
    // Counted at once: who waits for it keeps it.
    place.users++;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      place.users--;
      place.last = ++this.#loans;
    };
    try {
      return {
        thing: await (place.wanted ??= this.#loadedModel(place)),
        release,
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Lets go of everything, in use or not. */
  async dispose(): Promise<void> {
    const places = [...this.#poolPlaces.values()];
    await Promise.all(places.map(async (place) => {
      await place.wanted?.catch(() => {});
      await this.#unload(place);
    }));
  }

  async #loadedModel(place: PoolPlace<T>): Promise<T> {
    try {
      await place.leaving;
      const bytes = await place.item.bytes();
      await Promise.all(this.#makeRoom(place, bytes));
      return place.thing = await place.item.open();
    } catch (error) {
      place.wanted = undefined;
      place.taken = 0;
      throw error;
    }
  }

  /** Takes room, all at once so that nobody else takes it; what has to go first. */
  #makeRoom(
    place: PoolPlace<T>,
    bytes: number,
  ): (Promise<void> | undefined)[] {
    const { id } = place.item;
    const limit = this.#memoryLimit;
    if (bytes > limit) {
      throw new ModelError(
        "ERR_MODEL_TOO_LARGE",
        `Cannot load ${id}: it takes ${inWords(bytes)}, and models may take ` +
          `${inWords(limit)} here (--model-memory)`,
      );
    }
    const places = [...this.#poolPlaces.values()];
    const staying = places.filter(({ leaving }) => leaving === undefined);
    let free = limit - staying.reduce((sum, { taken }) => sum + taken, 0);
    const idle = staying.filter(({ thing, users }) =>
      thing !== undefined && users === 0
    ).sort((a, b) => a.last - b.last);
    const going: PoolPlace<T>[] = [];
    for (const other of idle) {
      if (free >= bytes) break;
      free += other.taken;
      going.push(other);
    }
    if (free < bytes) {
      const busy = staying.filter(({ taken }) => taken > 0)
        .map(({ item }) => item.id);
      throw new ModelError(
        "ERR_MODEL_BUSY",
        `Cannot load ${id} now: it takes ${inWords(bytes)} of the ` +
          `${inWords(limit)} for models, and ${busy.join(", ")} ` +
          `${busy.length === 1 ? "is" : "are"} in use; try again soon`,
      );
    }
    place.taken = bytes;
    for (const other of going) {
      // Who waits for it to leave hears of what it fails with.
      this.#unload(other).catch(() => {});
    }
    // Whatever leaves still has its memory.
    return places.map(({ leaving }) => leaving);
  }

  async #unload(place: PoolPlace<T>): Promise<void> {
    const { thing } = place;
    if (thing === undefined) return;
    place.thing = place.wanted = undefined;
    const leaving = thing.dispose().finally(() => {
      place.taken = 0;
      place.leaving = undefined;
    });
    place.leaving = leaving;
    await leaving;
  }

  #poolPlace(id: string): PoolPlace<T> {
    const place = this.#poolPlaces.get(id);
    if (place === undefined) throw new RangeError(`No place for ${id}`);
    return place;
  }
}
