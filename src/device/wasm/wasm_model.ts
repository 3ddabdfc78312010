/**
 * A model on the wasm device, as the main thread sees it: every call is a message
 * to thread 0, which does them in order, so the main thread never waits.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type { ModelShape } from "../../model/shape.ts";
import type {
  DeviceModel,
  LaneResult,
  LaneStep,
  ThreadsInUse,
} from "../device.ts";
import { MaskFeed } from "../../text/mask_feed.ts";
import { StepChecks } from "../step_checks.ts";
import type { ThreadStep } from "./thread_messages.ts";
import type { WasmThread } from "./worker_thread.ts";

/** Milliseconds that a step waits for masks once all is read: lanes share them. */
const MASK_PATIENCE = 2;

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
  /** Whether threads are workers, and share memory with this one. */
  readonly shared: boolean;
  /** Threads in use, as thread 0 tells: for a token, for a prompt. */
  readonly inUse: Uint32Array;
  /** Room for states that wait for their lanes, and where it is for thread 0. */
  readonly staging: readonly StagedState[];
  /** Workers; the first leads, the others are in `serve`. */
  readonly threads: readonly [WasmThread, ...WasmThread[]];
}

/** Room for one state in the memory of the threads. */
export interface StagedState {
  /** Byte of its first value. */
  readonly at: number;
  /** The values, in canonical order. */
  readonly values: Float32Array;
}

/** A model whose passes run on a pool of workers. */
export class WasmModel implements DeviceModel {
  readonly shape: ModelShape;
  readonly lanes: number;
  readonly weightBytes: number;
  readonly seamless = true;
  readonly lateMasks = true;
  readonly maskFeeds: boolean;
  readonly lost: Promise<Error>;
  readonly #inUse: Uint32Array;
  readonly #threads: readonly [WasmThread, ...WasmThread[]];
  readonly #checks: StepChecks;
  /** Room for states that is free. */
  readonly #staging: StagedState[];
  #disposed: Promise<void> | undefined;

  /** Takes over the workers. */
  constructor(
    { shape, lanes, weightBytes, lost, shared, inUse, staging, threads }:
      ModelParts,
  ) {
    this.shape = shape;
    this.lanes = lanes;
    this.weightBytes = weightBytes;
    this.lost = lost;
    // A thread that nobody else runs on can wait.
    this.maskFeeds = shared;
    this.#inUse = inUse;
    this.#staging = [...staging];
    this.#threads = threads;
    this.#checks = new StepChecks(shape, lanes);
  }

  get threads(): ThreadsInUse {
    const [decode, prefill] = this.#inUse;
    return { decode, prefill, most: this.#threads.length };
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
    const staged = this.#staging.pop();
    if (staged === undefined) {
      // A message copies values twice, and slowly.
      return await this.#lead.do({ name: "write", lane, values });
    }
    staged.values.set(values);
    await this.#lead.do({ name: "takeStaged", lane, staged: staged.at });
    this.#staging.push(staged);
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
    let results: readonly LaneResult[] = [];
    try {
      return results = batch.some(({ mask }) => mask !== undefined)
        ? await this.#drawLate(batch)
        : await this.#lead.do({ name: "step", batch });
    } finally {
      for (const [i, { feed, draw }] of batch.entries()) {
        const whole = results[i]?.drawn.length === draw;
        if (feed !== undefined && !whole) new MaskFeed(feed).end();
      }
    }
  }

  /**
   * Reads, and draws what waits for masks when they are there. The lead is told to
   * draw while it reads, as a rule, and goes from one to the other without a word.
   * Lanes with feeds draw together, for their masks come from one thread by turns.
   */
  async #drawLate(batch: readonly LaneStep[]): Promise<LaneResult[]> {
    const reading = this.#lead.do({
      name: "step",
      batch: batch.map(readFirst),
    });
    const drawing = new Map<number, ThreadStep>();
    const masks = Promise.all(batch.map(async ({ mask: late, ...step }) => {
      const mask = await late;
      const { lane, draw, sampling, stopTokens, feed, logits } = step;
      const ready = late === undefined ? feed : mask;
      if (ready === undefined || sampling === undefined) return;
      drawing.set(lane, {
        lane,
        tokens: [],
        draw,
        sampling: mask === undefined ? sampling : { ...sampling, mask },
        ...(feed && { feed }),
        ...(stopTokens && { stopTokens }),
        ...(logits === "drawn" && { logits }),
      });
    }));
    await Promise.race([masks, reading.then(() => pause(MASK_PATIENCE))]);
    const parts = batch.flatMap(({ lane }) => drawing.get(lane) ?? []);
    for (const { sampling } of parts) this.#checks.expectMask(sampling?.mask);
    const drawn = parts.length === 0
      ? []
      : await this.#lead.do({ name: "step", batch: parts });
    const results = await reading;
    return batch.map((step, i) => {
      if (!drawsLater(step)) return results[i];
      const { lane } = step;
      const at = parts.findIndex((part) => part.lane === lane);
      return at < 0
        ? { ...results[i], undrawn: true }
        : { ...results[i], ...drawn[at] };
    });
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

/** Whether a part is first read, and drawn when masks are there. */
function drawsLater({ mask, feed }: LaneStep): boolean {
  return mask !== undefined || feed !== undefined;
}

/** The part of a step that needs no mask; it has no logits of draws to come. */
function readFirst(whole: LaneStep): ThreadStep {
  const { mask: _, ...step } = whole;
  if (!drawsLater(whole)) return step;
  const { logits, ...rest } = step;
  return {
    ...rest,
    ...(logits !== undefined && logits !== "drawn" && { logits }),
    draw: 0,
    keep: true,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
