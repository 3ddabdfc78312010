/**
 * A model on a WebGPU device: its weights, its lanes, and the commands of a step.
 *
 * Everything a step does is encoded and submitted before `step` returns, tokens
 * drawn feed the next pass through a buffer, and one download at the end brings
 * them back. So steps may be asked for ahead of their answers, and the device
 * never waits for the host.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import { type ModelShape, stateLength } from "../../model/shape.ts";
import type {
  DeviceModel,
  LaneResult,
  LaneStep,
  LoadOptions,
} from "../device.ts";
import { StepChecks } from "../step_checks.ts";
import type { Gpu } from "./gpu.ts";
import { LaneTable } from "./lane_table.ts";
import { PassRunner } from "./passes.ts";
import { Readback } from "./readback.ts";
import {
  allBuffers,
  clearLaneBuffers,
  createBuffers,
  PASS_ROWS,
  type WorkBuffers,
} from "./buffers.ts";
import { ChunkLength, FEWEST } from "./chunk_length.ts";
import { fewRows } from "./kernels/product.ts";
import { logitsWanted, schedule } from "./pass_schedule.ts";
import type { Timing } from "./kernel_timing.ts";
import { uploadWeights } from "./upload_weights.ts";
import { layerStride, weightBuffers, type Weights } from "./weights.ts";

/** Bytes of the shortest download. */
const WORD = 4;

/** See {@linkcode DeviceModel}. */
export class WebGpuModel implements DeviceModel {
  /** The model's sizes. */
  readonly shape: ModelShape;
  /** States held at once. */
  readonly lanes: number;
  /** Whether it counts what a lane draws: the draw itself does. */
  readonly countsAhead = true;
  /** Bytes of weights on the device. */
  readonly weightBytes: number;
  /** Resolves, once, if the device goes away. */
  readonly lost: Promise<Error>;
  readonly #gpu: Gpu;
  readonly #weights: Weights;
  readonly #room: WorkBuffers;
  readonly #passes: PassRunner;
  readonly #readback: Readback;
  readonly #table: LaneTable;
  readonly #checks: StepChecks;
  readonly #chunk: ChunkLength;
  /** One lane's state of one layer, on its way to another lane. */
  readonly #between: GPUBuffer;
  #disposed = false;

  private constructor(
    gpu: Gpu,
    shape: ModelShape,
    weights: Weights,
    lanes: number,
  ) {
    this.#gpu = gpu;
    this.#weights = weights;
    this.#room = createBuffers(gpu, shape, lanes);
    this.#readback = new Readback(gpu);
    this.#table = new LaneTable(gpu, shape.V, lanes, this.#room);
    this.#checks = new StepChecks(shape, lanes);
    this.#passes = new PassRunner(gpu, weights, this.#room, shape.V);
    // A driver on the CPU has nobody to answer to, however long it takes.
    this.#chunk = new ChunkLength(PASS_ROWS, gpu.software ? PASS_ROWS : FEWEST);
    this.#between = gpu.buffer("between", 4 * layerStride(shape.D));
    this.shape = shape;
    this.lanes = lanes;
    this.lost = gpu.lost;
    this.weightBytes = weightBuffers(weights)
      .reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Loads a checkpoint and compiles what it needs.
   *
   * @throws {DeviceError} `ERR_DEVICE_FAILED` if it does not fit or a kernel is
   * refused.
   */
  static async load(
    gpu: Gpu,
    checkpoint: Checkpoint,
    { lanes, ...options }: LoadOptions,
  ): Promise<WebGpuModel> {
    if (!Number.isInteger(lanes) || lanes < 1 || lanes > PASS_ROWS) {
      throw new RangeError(
        `Cannot load the model: ${lanes} lanes, expected 1 to ${PASS_ROWS}`,
      );
    }
    return await gpu.checked("load the model", async () => {
      const weights = await uploadWeights(gpu, checkpoint, options);
      const model = new WebGpuModel(gpu, checkpoint.shape, weights, lanes);
      await gpu.device.queue.onSubmittedWorkDone();
      return model;
    });
  }

  /** Measures each dispatch from now on, where the adapter can; slower. */
  profile(): Timing {
    return this.#passes.profile();
  }

  /** Makes a lane's state blank, all zeros, and leaves no trace of what was read. */
  clear(lane: number): Promise<void> {
    return this.#command((encoder) => {
      this.#checks.clear(lane);
      const size = this.#laneBytes();
      const offset = lane * size;
      for (const { buffer } of this.#room.state) {
        encoder.clearBuffer(buffer, offset, size);
      }
      encoder.clearBuffer(this.#between);
      clearLaneBuffers(encoder, this.#room, lane);
      this.#table.forget(lane);
      this.#readback.wipe(encoder);
    });
  }

  /** Sets a lane's state, `stateLength(shape)` values in canonical order. */
  write(lane: number, values: Float32Array<ArrayBuffer>): Promise<void> {
    return this.#command(() => {
      this.#checks.write(lane, values);
      const stride = layerStride(this.shape.D);
      const offset = lane * this.#laneBytes();
      this.#room.state.forEach(({ buffer }, l) => {
        const layer = values.subarray(l * stride, (l + 1) * stride);
        this.#gpu.device.queue.writeBuffer(buffer, offset, layer);
      });
    });
  }

  /** A lane's state after every step asked for before. */
  async read(lane: number): Promise<Float32Array<ArrayBuffer>> {
    this.#assertUsable();
    this.#checks.expectLane(lane);
    const size = 4 * stateLength(this.shape);
    const bytes = this.#laneBytes();
    const offset = lane * bytes;
    const staging = this.#readback.reserve(size);
    const asked = this.#chunk.ask(0, performance.now());
    await this.#command((encoder) => {
      this.#room.state.forEach(({ buffer }, l) => {
        encoder.copyBufferToBuffer(buffer, offset, staging, l * bytes, bytes);
      });
    });
    const values = await this.#readback.take(staging, size);
    this.#chunk.hear(asked, performance.now());
    return new Float32Array(values);
  }

  /** Copies a lane onto another one, without leaving the device. */
  copy(from: number, to: number): Promise<void> {
    return this.#command((encoder) => {
      this.#checks.copy(from, to);
      const size = this.#laneBytes();
      const source = from * size, target = to * size;
      const between = this.#between;
      for (const { buffer } of this.#room.state) {
        encoder.copyBufferToBuffer(buffer, source, between, 0, size);
        encoder.copyBufferToBuffer(between, 0, buffer, target, size);
      }
      this.#table.copy(encoder, { from, to, between });
    });
  }

  /** See {@linkcode DeviceModel.step}. */
  async step(batch: readonly LaneStep[]): Promise<LaneResult[]> {
    this.#assertUsable();
    this.#checks.step(batch);
    const { V } = this.shape;
    const counts = batch.map(logitsWanted);
    const logitsBytes = 4 * V * counts.reduce((sum, count) => sum + count, 0);
    const drawn = this.#table.begin(batch);
    const passes = schedule(batch, {
      chunk: this.#chunk.rows,
      few: fewRows(this.#gpu.software),
    });
    const reading = passes.filter(({ kind }) => kind !== "decode").length;
    const asked = this.#chunk.ask(reading, performance.now());
    // A step that only reads leaves nothing to download; a word of it says that it
    // is done.
    const word = logitsBytes + drawn.bytes === 0 &&
      this.#chunk.isBehind(passes.length - reading);
    const size = word ? WORD : logitsBytes + drawn.bytes;
    const staging = this.#readback.reserve(size);

    const starts: number[] = [];
    counts.reduce((start, count, i) => {
      starts[i] = start;
      return start + 4 * V * count;
    }, 0);
    const first = this.#gpu.device.createCommandEncoder();
    drawn.reset(first);
    this.#gpu.device.queue.submit([first.finish()]);
    this.#passes.run(passes, {
      staging,
      place: (entry, index) => starts[entry] + 4 * V * index,
    });
    const last = this.#gpu.device.createCommandEncoder();
    drawn.copy(last, staging, logitsBytes);
    const { buffer } = this.#room.cursors;
    if (word) last.copyBufferToBuffer(buffer, 0, staging, 0, WORD);
    this.#gpu.device.queue.submit([last.finish()]);

    const bytes = await this.#readback.take(staging, size);
    if (size > 0) this.#chunk.hear(asked, performance.now());
    const results = drawn.results(bytes, logitsBytes);
    return results.map((result, i) => {
      if (counts[i] === 0) return result;
      const count = batch[i].logits === "drawn"
        ? result.drawn.length
        : counts[i];
      const logits = new Float32Array(bytes, starts[i], V * count);
      return { ...result, logits };
    });
  }

  /** Frees the model. */
  dispose(): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = true;
      const buffers = weightBuffers(this.#weights).concat(
        allBuffers(this.#room),
        this.#between,
      );
      for (const buffer of buffers) buffer.destroy();
      this.#passes.dispose();
      this.#readback.dispose();
    }
    return Promise.resolve();
  }

  #laneBytes(): number {
    return 4 * layerStride(this.shape.D);
  }

  /** Encodes and submits at once; fails by rejecting. */
  // deno-lint-ignore require-await -- a throw has to become a rejection
  async #command(
    encodeTo: (encoder: GPUCommandEncoder) => void,
  ): Promise<void> {
    this.#assertUsable();
    const encoder = this.#gpu.device.createCommandEncoder();
    encodeTo(encoder);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  #assertUsable(): void {
    // A model on a lost device is disposed of by whoever heard of the loss first.
    this.#gpu.assertUsable();
    if (this.#disposed) {
      throw new DeviceError(
        "ERR_DEVICE_FAILED",
        "Cannot use the model: it was disposed",
      );
    }
  }
}
