/**
 * Downloads. Waiting for one costs about 11 ms in Deno whatever its size, so many
 * may be under way at once, each in a buffer of its own that is used again.
 *
 * @module
 */

import type { Gpu } from "./gpu.ts";

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

  /** Starts without any. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
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
      await buffer.mapAsync(GPUMapMode.READ, 0, size);
      const copy = buffer.getMappedRange(0, size).slice(0);
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
