/**
 * Who gets a lane: a bounded queue, first come, first served.
 *
 * @module
 */

import { BusyError } from "../errors.ts";

/** How many may come in. */
export interface LanesOptions {
  /** Turns at once. */
  readonly seats: number;
  /** Turns that may wait for a seat. */
  readonly waiting: number;
}

/** A lane on loan. */
export interface Lease {
  /** The lane's number. */
  readonly lane: number;
  /** Takes it back; does nothing the second time. */
  release(): void;
}

/** The lanes of a model, and the turns that wait for one. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #queue: PromiseWithResolvers<Lease | undefined>[] = [];
  #free: number[] = [];
  #seated = 0;
  /** Counts the models: leases of an earlier one mean nothing to a later one. */
  #generation = 0;

  /** Has no lanes until {@linkcode open}. */
  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Seats taken. */
  get busy(): number {
    return this.#seated;
  }

  /** Turns that wait for a seat. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Lends out the lanes of a fresh model, and none of an earlier one. */
  open(lanes: number): void {
    this.close();
    this.#free = Array.from({ length: lanes }, (_, lane) => lanes - 1 - lane);
    this.#serve();
  }

  /** Turns away all who wait. */
  refuse(error: unknown): void {
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }

  /** Lends out nothing for a while; the queue stays. */
  close(): void {
    this.#generation++;
    this.#free = [];
    this.#seated = 0;
  }

  /**
   * Waits for a seat and its lane.
   *
   * @param again Whether it had one that came to nothing: it is first in line then.
   * @returns Nothing if `signal` was aborted first.
   * @throws {BusyError} If the queue is full.
   */
  async seat(signal: AbortSignal, again = false): Promise<Lease | undefined> {
    if (signal.aborted) return undefined;
    const waiter = Promise.withResolvers<Lease | undefined>();
    const full = !again && this.#queue.length >= this.#options.waiting;
    if (again) this.#queue.unshift(waiter);
    else this.#queue.push(waiter);
    this.#serve();
    const place = this.#queue.indexOf(waiter);
    if (place >= 0 && full) {
      this.#queue.splice(place, 1);
      throw new BusyError(
        "ERR_TOO_BUSY",
        `Cannot take a turn: ${this.#seated} are under way and ` +
          `${this.#queue.length} wait; try again in a moment`,
      );
    }
    const leave = () => {
      const place = this.#queue.indexOf(waiter);
      if (place >= 0) this.#queue.splice(place, 1);
      waiter.resolve(undefined);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await waiter.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** A lane that no seat can need, to keep a copy of a state on. */
  spare(): Lease | undefined {
    const unseated = this.#options.seats - this.#seated;
    if (this.#free.length <= unseated) return undefined;
    return this.#lend(() => {});
  }

  /** Gives free seats to those who have waited longest. */
  #serve(): void {
    while (this.#free.length > 0 && this.#seated < this.#options.seats) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#seated++;
      next.resolve(this.#lend(() => this.#seated--));
    }
  }

  #lend(returned: () => void): Lease {
    const generation = this.#generation;
    const lane = this.#free.pop() ?? 0;
    let over = false;
    const release = () => {
      if (over || generation !== this.#generation) return;
      over = true;
      this.#free.push(lane);
      returned();
      this.#serve();
    };
    return { lane, release };
  }
}
