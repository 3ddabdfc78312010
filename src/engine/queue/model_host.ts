/**
 * Where the model lives: it is put on a device, and put there again whenever the
 * device was lost. Each user holds a lease on a lane.
 *
 * @module
 */

import type { DeviceModel } from "../../device/device.ts";
import { ClosingError, DeviceError } from "../../errors.ts";
import type { Absence } from "../engine.ts";
import { type LaneLease, LanePool, type LanePoolOptions } from "./lane_pool.ts";
import { type Job, Scheduler, type SchedulerOptions } from "./scheduler.ts";

/** How a host works. */
export interface HostOptions extends LanePoolOptions, SchedulerOptions {
  /** Puts the model on the device. */
  readonly load: () => Promise<DeviceModel>;
  /**
   * Told when the device was lost, and for each failure to get it back. What it
   * throws is dropped: the device is asked for all the same.
   */
  readonly lost?: ((error: unknown) => void) | undefined;
}

/** The use of a lane, and perhaps of another one. */
export interface HostLease {
  /** The model that has the lane. */
  readonly model: DeviceModel;
  /** The lane; its state is anything. */
  readonly lane: number;
  /** A lane to keep a copy of the state on, if one was asked for and free. */
  readonly spare: number | undefined;
  /** Takes part in the steps of the model, from the next one on: one job alone. */
  add(job: Job): void;
  /** Ends that, zeroes the lanes and gives them back; once. */
  leave(): void;
}

/** The model while it is on a device. */
interface LoadedModel {
  readonly model: DeviceModel;
  readonly scheduler: Scheduler;
}

/** Milliseconds before the device is asked for again, first and at most. */
const FIRST_DEVICE_PAUSE = 250, LONGEST_DEVICE_PAUSE = 30_000;

function deviceAway(): DeviceError {
  return new DeviceError(
    "ERR_DEVICE_LOST",
    "Cannot take a request: the device is being replaced; try again soon",
  );
}

function hostClosed(): ClosingError {
  return new ClosingError(
    "ERR_SHUTTING_DOWN",
    "Cannot take a request: the server is shutting down; send it to another",
  );
}

/** Keeps a model on a device. */
export class ModelHost {
  readonly #hostOptions: HostOptions;
  readonly #lanePool: LanePool;
  readonly #closing = new AbortController();
  #loadedModel: LoadedModel | undefined;
  #deviceLost: Absence | undefined;
  #leases = 0;
  /** Resolves when the last lease is over. */
  #lastLeaseOver: () => void = () => {};
  /** While a lost device is replaced. */
  #replacement: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** Has no model until {@linkcode open}. */
  constructor(options: HostOptions) {
    this.#hostOptions = options;
    this.#lanePool = new LanePool(options);
  }

  /** Aborted when the host closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether the model is there and takes requests. */
  get ready(): boolean {
    return this.#loadedModel !== undefined && !this.closing.aborted;
  }

  /** Why the model takes no requests; nothing while it does. */
  get absence(): Absence | undefined {
    return this.closing.aborted ? { reason: "closing" } : this.#deviceLost;
  }

  /** Lanes on lease and requests waiting for one. */
  get load(): { readonly busy: number; readonly waiting: number } {
    return { busy: this.#lanePool.busy, waiting: this.#lanePool.waiting };
  }

  /** Loads the model. */
  async open(): Promise<void> {
    const model = await this.#hostOptions.load();
    if (this.closing.aborted) return await model.dispose();
    this.#loadedModel = {
      model,
      scheduler: new Scheduler(model, this.#hostOptions),
    };
    this.#deviceLost = undefined;
    this.#lanePool.open(model.lanes);
    void model.lost.then((error) => {
      this.#replacement = this.#loseDevice(model, error);
    });
  }

  /**
   * Makes sure that {@linkcode lease} would not refuse at once.
   *
   * @throws As it does.
   */
  expectRoom(tenant = ""): void {
    if (this.closing.aborted) throw hostClosed();
    if (!this.ready) throw deviceAway();
    const refusal = this.#lanePool.refusal(tenant);
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Waits for a lane.
   *
   * @param copies Whether a spare lane is wanted.
   * @param tenant Whose turn it is; empty where there are no tenants.
   * @returns Nothing if `signal` was aborted first, or the host closes.
   * @throws {BusyError} If the queue is full.
   * @throws {ClosingError} Once the host closes.
   * @throws {DeviceError} `ERR_DEVICE_LOST` while there is no model. Whoever waits
   * when the device is lost waits on, until a first attempt to get it back failed.
   */
  async lease(
    signal: AbortSignal,
    copies: boolean,
    tenant = "",
  ): Promise<HostLease | undefined> {
    if (this.closing.aborted) throw hostClosed();
    if (!this.ready) throw deviceAway();
    const end = AbortSignal.any([signal, this.closing]);
    let lease = await this.#lanePool.lease(end, { tenant });
    // A lane that was free because the device was lost is of no use.
    while (
      lease !== undefined && this.#loadedModel === undefined && !end.aborted
    ) {
      lease = await this.#lanePool.lease(end, { tenant, again: true });
    }
    const loaded = this.#loadedModel;
    if (lease === undefined || loaded === undefined) return undefined;
    if (end.aborted) {
      // Aborted when it had just been served: a host that closes waits for nobody
      // who has not come in.
      lease.release();
      return undefined;
    }
    return this.#hold(lease, loaded, copies);
  }

  /** Counts a lease until it is over. */
  #hold(
    lease: LaneLease,
    { model, scheduler }: LoadedModel,
    copies: boolean,
  ): HostLease {
    const spare = copies ? this.#lanePool.spare() : undefined;
    let added: Job | undefined, over = false;
    this.#leases++;
    return {
      model,
      lane: lease.lane,
      spare: spare?.lane,
      add(job): void {
        if (over) return;
        added = job;
        scheduler.add(job);
      },
      leave: () => {
        if (over) return;
        over = true;
        if (added !== undefined) scheduler.remove(added);
        for (const { lane, release } of spare ? [lease, spare] : [lease]) {
          // Whoever gets the lane next asks later. A device that cannot zero it
          // is lost, and its memory with it.
          model.clear(lane).catch(() => {});
          release();
        }
        if (--this.#leases === 0) this.#lastLeaseOver();
      },
    };
  }

  /** Waits until every lease is over, and frees the model; once, however often. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      // Before anybody hears of it, who may ask for the same.
      this.#closed = promise;
      resolve(this.#close());
    }
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(
      new DeviceError(
        "ERR_DEVICE_LOST",
        "Cannot finish: this server is closing; ask it or another one again",
      ),
    );
    if (this.#leases > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#lastLeaseOver = resolve;
      await promise;
    }
    // A model that is on its way comes, and goes at once.
    await this.#replacement;
    await this.#loadedModel?.model.dispose();
    this.#loadedModel = undefined;
  }

  async #loseDevice(model: DeviceModel, cause: unknown): Promise<void> {
    const loaded = this.#loadedModel;
    if (loaded?.model !== model || this.closing.aborted) return;
    const since = performance.now();
    this.#loadedModel = undefined;
    this.#deviceLost = { reason: "lost", since, attempts: 0 };
    this.#lanePool.close();
    loaded.scheduler.fail(
      new DeviceError(
        "ERR_DEVICE_LOST",
        "Cannot finish: the device was lost; the save of the request is still valid",
        { cause },
      ),
    );
    this.#tellLost(cause);
    await model.dispose().catch(() => {});
    let pause = FIRST_DEVICE_PAUSE;
    for (let attempts = 1; !this.closing.aborted; attempts++) {
      try {
        return await this.open();
      } catch (error) {
        if (this.closing.aborted) return;
        this.#deviceLost = { reason: "lost", since, attempts };
        this.#tellLost(error);
        this.#lanePool.refuse(deviceAway());
        await this.#pauseBeforeLoad(pause);
        pause = Math.min(2 * pause, LONGEST_DEVICE_PAUSE);
      }
    }
  }

  #tellLost(error: unknown): void {
    try {
      this.#hostOptions.lost?.(error);
    } catch {
      // Nobody is there to hear of it.
    }
  }

  #pauseBeforeLoad(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      this.closing.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    this.closing.addEventListener("abort", end, { once: true });
    return promise;
  }
}
