/**
 * How long the device works on a plan.
 *
 * @module
 */

import {
  type Dispatch,
  encode,
  type PassSize,
} from "../../src/device/webgpu/dispatch.ts";
import type { Gpu } from "../../src/device/webgpu/gpu.ts";

/** Grids here are fixed when a kernel is bound. */
const FIXED: PassSize = { rows: 1, segments: 1 };

/** Times passes by the device's own clock, where it has one. */
export class Clock {
  readonly #gpu: Gpu;
  readonly #timestampQueries: Stamps | undefined;

  /** A clock of `gpu`. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    if (gpu.device.features.has("timestamp-query")) {
      this.#timestampQueries = createStamps(gpu.device);
    }
  }

  /** Whether times are the device's own; otherwise they include the wait. */
  get exact(): boolean {
    return this.#timestampQueries !== undefined;
  }

  /** Runs `plan` in one pass. Milliseconds from its beginning to its end. */
  async time(plan: readonly Dispatch[]): Promise<number> {
    const { device } = this.#gpu;
    const stamps = this.#timestampQueries;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass(
      stamps && {
        timestampWrites: {
          querySet: stamps.set,
          beginningOfPassWriteIndex: 0,
          endOfPassWriteIndex: 1,
        },
      },
    );
    encode(pass, plan, FIXED);
    pass.end();
    if (stamps) {
      encoder.resolveQuerySet(stamps.set, 0, 2, stamps.resolved, 0);
      encoder.copyBufferToBuffer(stamps.resolved, 0, stamps.mapped, 0, 16);
    }

    const begin = performance.now();
    device.queue.submit([encoder.finish()]);
    if (!stamps) {
      await device.queue.onSubmittedWorkDone();
      this.#gpu.assertUsable();
      return performance.now() - begin;
    }
    await stamps.mapped.mapAsync(GPUMapMode.READ);
    const [from, to] = new BigUint64Array(stamps.mapped.getMappedRange());
    stamps.mapped.unmap();
    this.#gpu.assertUsable();
    return Number(to - from) / 1e6;
  }

  /**
   * The least time of `plan`, in milliseconds, of twenty runs after a warm-up; of
   * fewer once they have taken `patience` milliseconds. What else the machine does
   * only ever adds to a run.
   */
  async least(plan: readonly Dispatch[], patience: number): Promise<number> {
    let least = await this.time(plan);
    for (let run = 0, spent = least; run < 20 && spent < patience; run++) {
      const time = await this.time(plan);
      spent += time;
      least = Math.min(least, time);
    }
    return least;
  }
}

interface Stamps {
  readonly set: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly mapped: GPUBuffer;
}

function createStamps(device: GPUDevice): Stamps {
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  return {
    set: device.createQuerySet({ type: "timestamp", count: 2 }),
    resolved: device.createBuffer({
      size: 16,
      usage: QUERY_RESOLVE | COPY_SRC,
    }),
    mapped: device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST }),
  };
}

/** Runs `plan` and reads `buffer`'s first `length` values. */
export async function read(
  gpu: Gpu,
  plan: readonly Dispatch[],
  buffer: GPUBuffer,
  length: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { device } = gpu;
  const out = device.createBuffer({
    size: 4 * length,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encode(pass, plan, FIXED);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, out, 0, 4 * length);
  device.queue.submit([encoder.finish()]);
  await out.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(out.getMappedRange().slice(0));
  out.destroy();
  gpu.assertUsable();
  return values;
}
