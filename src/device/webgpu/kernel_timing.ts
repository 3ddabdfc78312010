/**
 * Time spent in each kernel, by timestamp queries, where the adapter has them.
 *
 * A measured dispatch gets a compute pass of its own, so a profile costs a little
 * and shows no overlap.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import { type Dispatch, encode, type PassSize } from "./dispatch.ts";
import type { Gpu } from "./gpu.ts";

/** Dispatches that one query set can measure. */
const ROOM = 2048;

/** What a kernel took in all. */
export interface KernelTime {
  /** The kernel's label. */
  readonly label: string;
  /** Dispatches measured. */
  readonly dispatches: number;
  /** Milliseconds on the device. */
  readonly ms: number;
}

/** A query set, and what it measures. */
interface Batch {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly staging: GPUBuffer;
  readonly labels: string[];
}

/** Sums of kernel times. */
export class Timing {
  readonly #gpu: Gpu;
  readonly #totals = new Map<string, { dispatches: number; ms: number }>();
  readonly #idle: Batch[] = [];
  readonly #pending = new Set<Promise<void>>();
  #batch: Batch | undefined;

  /**
   * Starts from zero.
   *
   * @throws {DeviceError} `ERR_DEVICE_UNAVAILABLE` without timestamp queries.
   */
  constructor(gpu: Gpu) {
    if (!gpu.device.features.has("timestamp-query")) {
      throw new DeviceError(
        "ERR_DEVICE_UNAVAILABLE",
        `Cannot profile on ${gpu.name}: it has no timestamp queries`,
      );
    }
    this.#gpu = gpu;
  }

  /** Records dispatches, each between two timestamps. */
  encode(
    encoder: GPUCommandEncoder,
    plan: readonly Dispatch[],
    size: PassSize,
  ): void {
    const batch = this.#batch ??= this.#idle.pop() ?? this.#create();
    for (const dispatch of plan) {
      const n = batch.labels.length;
      const measured = n < ROOM;
      const pass = encoder.beginComputePass(
        measured
          ? {
            timestampWrites: {
              querySet: batch.queries,
              beginningOfPassWriteIndex: 2 * n,
              endOfPassWriteIndex: 2 * n + 1,
            },
          }
          : {},
      );
      if (measured) batch.labels.push(dispatch.label);
      encode(pass, [dispatch], size);
      pass.end();
    }
  }

  /** Takes the times of what was submitted since; call it after each submit. */
  collect(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    const { device } = this.#gpu;
    const count = 2 * batch.labels.length;
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(batch.queries, 0, count, batch.resolved, 0);
    encoder.copyBufferToBuffer(batch.resolved, 0, batch.staging, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    const added = batch.staging.mapAsync(GPUMapMode.READ, 0, 8 * count)
      .then(() => this.#add(batch), () => {});
    this.#pending.add(added);
    added.then(() => this.#pending.delete(added));
  }

  /** The sums so far, the longest first. */
  async totals(): Promise<KernelTime[]> {
    await Promise.all(this.#pending);
    return [...this.#totals]
      .map(([label, total]) => ({ label, ...total }))
      .sort((a, b) => b.ms - a.ms);
  }

  /** Frees the query sets. */
  dispose(): void {
    for (const { queries, resolved, staging } of this.#idle) {
      queries.destroy();
      resolved.destroy();
      staging.destroy();
    }
    this.#idle.length = 0;
  }

  #add(batch: Batch): void {
    const { labels, staging } = batch;
    const times = new BigUint64Array(
      staging.getMappedRange(0, 16 * labels.length),
    );
    labels.forEach((label, n) => {
      const total = this.#totals.get(label) ?? { dispatches: 0, ms: 0 };
      total.dispatches++;
      total.ms += Number(times[2 * n + 1] - times[2 * n]) / 1e6;
      this.#totals.set(label, total);
    });
    staging.unmap();
    labels.length = 0;
    this.#idle.push(batch);
  }

  #create(): Batch {
    const { device } = this.#gpu;
    const bytes = 16 * ROOM;
    return {
      queries: device.createQuerySet({ type: "timestamp", count: 2 * ROOM }),
      resolved: device.createBuffer({
        size: bytes,
        usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      }),
      staging: device.createBuffer({
        size: bytes,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }),
      labels: [],
    };
  }
}
