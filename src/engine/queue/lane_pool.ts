/**
 * Who gets a lane: a bounded queue in which tenants are served by turns, and the
 * turns of each in the order they came.
 *
 * @module
 */

import { BusyError } from "../../errors.ts";
import { RoundRobinQueue } from "./round_robin_queue.ts";

/** How many may come in. */
export interface LanePoolOptions {
  /** Turns at once. */
  readonly maxTurns: number;
  /** Turns that may wait for a lane. */
  readonly maxWaiting: number;
  /** Those of one named tenant among them; half of them by default. */
  readonly maxWaitingPerTenant?: number | undefined;
}

/** Who asks for a lane. */
export interface LaneRequest {
  /** Whose turn it is; empty where there are no tenants. */
  readonly tenant: string;
  /** Whether it had a lease that came to nothing: it is its tenant's first then. */
  readonly again?: boolean;
}

/** A lane on loan. */
export interface LaneLease {
  /** The lane's number. */
  readonly lane: number;
  /** Takes it back; does nothing the second time. */
  release(): void;
}

/** The lanes of a model, and the turns that wait for one. */
export class LanePool {
  readonly #poolOptions: LanePoolOptions;
  readonly #waitingTurns = new RoundRobinQueue<
    PromiseWithResolvers<LaneLease | undefined>
  >();
  #freeLanes: number[] = [];
  #leasedLanes = 0;
  /** Counts the models: leases of an earlier one mean nothing to a later one. */
  #generation = 0;

  /** Has no lanes until {@linkcode open}. */
  constructor(options: LanePoolOptions) {
    this.#poolOptions = options;
  }

  /** Lanes on lease, spare ones not counted. */
  get busy(): number {
    return this.#leasedLanes;
  }

  /** Turns that wait for a lane. */
  get waiting(): number {
    return this.#waitingTurns.length;
  }

  /** Lends out the lanes of a fresh model, and none of an earlier one. */
  open(lanes: number): void {
    this.close();
    this.#freeLanes = Array.from(
      { length: lanes },
      (_, lane) => lanes - 1 - lane,
    );
    this.#lendFreeLanes();
  }

  /** Turns away all who wait. */
  refuse(error: unknown): void {
    for (const { reject } of this.#waitingTurns.clear()) reject(error);
  }

  /** Lends out nothing for a while; the queue stays. */
  close(): void {
    this.#generation++;
    this.#freeLanes = [];
    this.#leasedLanes = 0;
  }

  /**
   * Waits for a lane.
   *
   * @returns Nothing if `signal` was aborted first.
   * @throws {BusyError} If the queue is full, or the tenant's part of it.
   */
  async lease(
    signal: AbortSignal,
    { tenant, again = false }: LaneRequest,
  ): Promise<LaneLease | undefined> {
    if (signal.aborted) return undefined;
    const waiter = Promise.withResolvers<LaneLease | undefined>();
    const full = again ? undefined : this.refusal(tenant);
    if (again) this.#waitingTurns.unshift(tenant, waiter);
    else this.#waitingTurns.push(tenant, waiter);
    this.#lendFreeLanes();
    if (full !== undefined && this.#waitingTurns.remove(tenant, waiter)) {
      throw full;
    }
    const leave = () => {
      this.#waitingTurns.remove(tenant, waiter);
      waiter.resolve(undefined);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await waiter.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Why nobody else of this tenant may come; nothing while there is room. */
  refusal(tenant: string): BusyError | undefined {
    const {
      maxTurns,
      maxWaiting,
      maxWaitingPerTenant = Math.ceil(maxWaiting / 2),
    } = this.#poolOptions;
    if (this.#freeLanes.length > 0 && this.#leasedLanes < maxTurns) {
      return undefined;
    }
    const own = this.#waitingTurns.lengthOf(tenant);
    if (tenant !== "" && own >= maxWaitingPerTenant) {
      return new BusyError(
        "ERR_TOO_BUSY",
        `Cannot take a turn: ${own} of ${tenant} wait already; ` +
          "try again in a moment",
      );
    }
    if (this.#waitingTurns.length < maxWaiting) return undefined;
    return new BusyError(
      "ERR_TOO_BUSY",
      `Cannot take a turn: ${this.#leasedLanes} are under way and ` +
        `${this.#waitingTurns.length} wait; try again in a moment`,
    );
  }

  /** A lane that no turn can need, to keep a copy of a state on. */
  spare(): LaneLease | undefined {
    const unleased = this.#poolOptions.maxTurns - this.#leasedLanes;
    if (this.#freeLanes.length <= unleased) return undefined;
    return this.#lendLane(() => {});
  }

  /** Lends free lanes to those whose turn it is. */
  #lendFreeLanes(): void {
    while (
      this.#freeLanes.length > 0 &&
      this.#leasedLanes < this.#poolOptions.maxTurns
    ) {
      const next = this.#waitingTurns.shift();
      if (next === undefined) return;
      this.#leasedLanes++;
      next.resolve(this.#lendLane(() => this.#leasedLanes--));
    }
  }

  #lendLane(returned: () => void): LaneLease {
    const generation = this.#generation;
    const lane = this.#freeLanes.pop() ?? 0;
    let over = false;
    const release = () => {
      if (over || generation !== this.#generation) return;
      over = true;
      this.#freeLanes.push(lane);
      returned();
      this.#lendFreeLanes();
    };
    return { lane, release };
  }
}
