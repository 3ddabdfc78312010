/**
 * Downloads. Many may be under way at once, each in a buffer of its own that is
 * used again.
 *
 * Deno's `mapAsync` holds the thread until the device is idle, and its promise
 * resolves 10 ms later, whatever there was to wait for. So a buffer is read as
 * soon as it lets itself be read, which elsewhere is when the promise says so. Three
 * things have to wait for the promise all the same: a buffer's first download, for
 * Deno aborts where one is read that no promise ever called mapped; a download
 * behind another that waits, for downloads end in the order in which they were
 * asked for; and one after which nobody else would have had the thread for long.
 *
 * @module
 */

import type { Gpu } from "./gpu.ts";

/** Milliseconds for which downloads may keep the thread from others. */
const MOST_HELD = 30;

/** Where to copy from. */
export interface Download {
  /** On the device. */
  readonly buffer: GPUBuffer;
  /** First byte, a multiple of 4. */
  readonly offset: number;
  /** Bytes, a multiple of 4. */
  readonly size: number;
}

/** A ring of buffers that the host can read. */
export class Readback {
  readonly #gpu: Gpu;
  readonly #idle: GPUBuffer[] = [];
  readonly #busy = new Set<GPUBuffer>();
  /** Those that a promise has called mapped before. */
  readonly #proven = new WeakSet<GPUBuffer>();
  /** Downloads that wait for their promise. */
  #waiting = 0;
  /** When others had the thread last, as far as is known. */
  #shared = -Infinity;

  readonly #now: () => number;

  /**
   * Starts without any.
   *
   * @param now Milliseconds since any moment.
   */
  constructor(gpu: Gpu, now: () => number = () => performance.now()) {
    this.#gpu = gpu;
    this.#now = now;
  }

  /** A buffer of at least `size` bytes to copy to; hand it to {@linkcode take}. */
  reserve(size: number): GPUBuffer {
    const fits = this.#idle.findIndex((buffer) => buffer.size >= size);
    const [known] = fits < 0 ? [] : this.#idle.splice(fits, 1);
    const buffer = known ?? this.#gpu.buffer(
      "readback",
      2 ** Math.ceil(Math.log2(Math.max(size, 4096))),
      GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    );
    this.#busy.add(buffer);
    return buffer;
  }

  /**
   * Waits for what was copied into a buffer; the buffer is free again then.
   *
   * @throws {DeviceError} `ERR_DEVICE_LOST` if the device went away.
   */
  async take(buffer: GPUBuffer, size: number): Promise<ArrayBuffer> {
    let copy = new ArrayBuffer(0);
    if (size > 0) copy = await this.#map(buffer, size);
    this.#busy.delete(buffer);
    this.#idle.push(buffer);
    this.#idle.sort((a, b) => a.size - b.size);
    this.#gpu.assertUsable();
    return copy;
  }

  async #map(buffer: GPUBuffer, size: number): Promise<ArrayBuffer> {
    try {
      const mapped = this.#mapped(buffer, size);
      let range = this.#mayHurry(buffer) ? readable(buffer, size) : undefined;
      if (range === undefined) {
        this.#waiting++;
        try {
          await mapped;
        } finally {
          this.#waiting--;
        }
        this.#proven.add(buffer);
        range = buffer.getMappedRange(0, size);
      }
      const copy = range.slice(0);
      buffer.unmap();
      return copy;
    } catch (cause) {
      this.#busy.delete(buffer);
      this.#gpu.assertUsable();
      const reason = cause instanceof Error ? cause.message : cause;
      throw this.#gpu.missed(
        "ERR_DEVICE_LOST",
        `values cannot be read (${reason})`,
        cause,
      );
    }
  }

  #mapped(buffer: GPUBuffer, size: number): Promise<void> {
    const mapped = buffer.mapAsync(GPUMapMode.READ, 0, size).finally(() => {
      this.#shared = this.#now();
    });
    // Nobody waits for it where the buffer is read sooner.
    mapped.catch(() => {});
    return mapped;
  }

  #mayHurry(buffer: GPUBuffer): boolean {
    return this.#waiting === 0 && this.#proven.has(buffer) &&
      this.#now() - this.#shared < MOST_HELD;
  }

  /** Zeroes what was read. */
  wipe(encoder: GPUCommandEncoder): void {
    for (const buffer of this.#idle) encoder.clearBuffer(buffer);
  }

  /** Frees every buffer. */
  dispose(): void {
    for (const buffer of [...this.#idle, ...this.#busy]) buffer.destroy();
    this.#idle.length = 0;
    this.#busy.clear();
  }
}

/** What a buffer holds that is being mapped, if it lets itself be read. */
function readable(buffer: GPUBuffer, size: number): ArrayBuffer | undefined {
  try {
    return buffer.getMappedRange(0, size);
  } catch {
    return undefined;
  }
}
