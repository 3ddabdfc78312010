/**
 * A model on the wasm device, as the main thread sees it: every call is a message
 * to thread 0, which does them in order, so the main thread never waits.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type { ModelShape } from "../../model/shape.ts";
import type { DeviceModel, LaneResult, LaneStep } from "../device.ts";
import { StepChecks } from "../step_checks.ts";
import type { WasmThread } from "./thread.ts";

/** What a loaded model is made of. */
export interface ModelParts {
  /** The model's sizes. */
  readonly shape: ModelShape;
  /** States held at once. */
  readonly lanes: number;
  /** Bytes of weights. */
  readonly weightBytes: number;
  /** Resolves if a worker fails. */
  readonly lost: Promise<Error>;
  /** Workers; the first leads, the others are in `serve`. */
  readonly threads: readonly [WasmThread, ...WasmThread[]];
}

/** A model whose passes run on a pool of workers. */
export class WasmModel implements DeviceModel {
  readonly shape: ModelShape;
  readonly lanes: number;
  readonly weightBytes: number;
  readonly seamless = true;
  readonly lost: Promise<Error>;
  readonly #threads: readonly [WasmThread, ...WasmThread[]];
  readonly #checks: StepChecks;
  #disposed: Promise<void> | undefined;

  /** Takes over the workers. */
  constructor({ shape, lanes, weightBytes, lost, threads }: ModelParts) {
    this.shape = shape;
    this.lanes = lanes;
    this.weightBytes = weightBytes;
    this.lost = lost;
    this.#threads = threads;
    this.#checks = new StepChecks(shape, lanes);
  }

  get #lead(): WasmThread {
    return this.#threads[0];
  }

  async clear(lane: number): Promise<void> {
    this.#checks.clear(lane);
    await this.#lead.do({ name: "clear", lane });
  }

  async write(lane: number, values: Float32Array): Promise<void> {
    this.#checks.write(lane, values);
    await this.#lead.do({ name: "write", lane, values });
  }

  async read(lane: number): Promise<Float32Array<ArrayBuffer>> {
    this.#checks.expectLane(lane);
    return await this.#lead.do({ name: "read", lane });
  }

  async copy(from: number, to: number): Promise<void> {
    this.#checks.copy(from, to);
    await this.#lead.do({ name: "copy", from, to });
  }

  async step(batch: readonly LaneStep[]): Promise<LaneResult[]> {
    this.#checks.step(batch);
    return await this.#lead.do({ name: "step", batch });
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end();
    return this.#disposed;
  }

  /** Finishes what was asked for, then ends the workers. */
  async #end(): Promise<void> {
    const gone = new DeviceError(
      "ERR_DEVICE_LOST",
      "Cannot use the model: it was disposed of",
    );
    // A lead that has failed already leaves nobody to say goodbye to.
    await this.#lead.do({ name: "leave" }).catch(() => {});
    for (const thread of this.#threads) thread.end(gone);
  }
}
