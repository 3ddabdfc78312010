/**
 * Continuous batching: whatever lanes want to do next is gathered into one step
 * of the model, over and over. A turn joins at the next step and leaves without
 * the others noticing.
 *
 * @module
 */

import type { DeviceModel, LaneResult, LaneStep } from "../../device/device.ts";
import type { StepReport } from "../turn_observer.ts";

/**
 * Tokens of prompts read in one step, all lanes together. Lanes that write wait
 * for this long at most; a chunk this large already keeps a device's arithmetic
 * busy. Each lane cuts its prompt at multiples of this whatever the others do, so
 * that a state never depends on them.
 */
export const PREFILL_CHUNK = 256;

/** Tokens drawn in one step at most: while others wait for it to end, the second. */
const LONG_BURST = 16, SHORT_BURST = 4;

/** What a step still has room for. */
export interface StepBudget {
  /** Tokens to read before a draw. */
  readonly tokens: number;
  /** Tokens to draw in one lane. */
  readonly draw: number;
}

/** Something that goes on in a lane. */
export interface Job {
  /** Whether it has a prompt to read. */
  readonly reading: boolean;
  /** Whether it draws a token a step, whatever the room. */
  readonly guided?: boolean;
  /** Whether others should wait a moment, for it is about to have a part. */
  readonly soon?: boolean;
  /** Its part of the next step; nothing if it has none, or no room for it. */
  next(room: StepBudget): LaneStep | undefined;
  /** What became of its parts, in order. */
  accept(result: LaneResult): void;
  /** The model cannot go on. */
  fail(error: unknown): void;
}

/** How a scheduler drives its model. */
export interface SchedulerOptions {
  /**
   * Steps asked for before the first of them is answered. 2 hides the time it
   * takes to hear from a device.
   */
  readonly ahead: number;
  /** Told of every step. Must not throw. */
  readonly stepped?: ((report: StepReport) => void) | undefined;
}

/** Gathers the jobs of one model into steps. */
export class Scheduler {
  readonly #model: DeviceModel;
  readonly #options: SchedulerOptions;
  /** Jobs, those that read last at the end. */
  readonly #jobs = new Set<Job>();
  #flying = 0;
  #failure: unknown;

  /** Drives `model`, which must not be stepped by anybody else. */
  constructor(model: DeviceModel, options: SchedulerOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** Takes a job in, from the next step on. */
  add(job: Job): void {
    if (this.#failure !== undefined) return job.fail(this.#failure);
    this.#jobs.add(job);
    // Jobs that arrive together share their first step.
    queueMicrotask(() => this.#launch());
  }

  /** Leaves a job out from now on. */
  remove(job: Job): void {
    this.#jobs.delete(job);
    // Others may have waited for it.
    queueMicrotask(() => this.#launch());
  }

  /** Fails every job, now and later. */
  fail(error: unknown): void {
    this.#failure ??= error;
    const jobs = [...this.#jobs];
    this.#jobs.clear();
    for (const job of jobs) job.fail(error);
  }

  #launch(): void {
    while (this.#flying < this.#options.ahead) {
      if ([...this.#jobs].some(({ soon }) => soon)) return;
      const parts = this.#gather();
      if (parts.length === 0) return;
      this.#flying++;
      void this.#fly(parts);
    }
  }

  /** What every job that is ready wants to do next. */
  #gather(): { job: Job; step: LaneStep }[] {
    const jobs = [...this.#jobs];
    const hasty = jobs.some((job) => this.#isHasty(job));
    const draw = hasty ? SHORT_BURST : LONG_BURST;
    const parts = [];
    let tokens = PREFILL_CHUNK;
    for (const job of jobs) {
      let step;
      try {
        step = job.next({ tokens, draw });
      } catch (error) {
        this.#drop(job, error);
      }
      if (step === undefined) continue;
      parts.push({ job, step });
      if (step.draw > 0 && step.tokens.length <= 1) continue;
      tokens -= step.tokens.length;
      if (this.#jobs.delete(job)) this.#jobs.add(job);
    }
    return parts;
  }

  /** Whether a job waits for the step to end, be it only to say that it fails. */
  #isHasty(job: Job): boolean {
    try {
      return job.reading || job.guided === true;
    } catch (error) {
      this.#drop(job, error);
      return false;
    }
  }

  async #fly(
    parts: readonly { readonly job: Job; readonly step: LaneStep }[],
  ): Promise<void> {
    try {
      const results = await this.#step(parts.map(({ step }) => step));
      parts.forEach(({ job }, i) => {
        try {
          job.accept(results[i]);
        } catch (error) {
          this.#drop(job, error);
        }
      });
    } catch (error) {
      for (const { job } of parts) this.#drop(job, error);
    }
    this.#flying--;
    this.#launch();
  }

  async #step(batch: readonly LaneStep[]): Promise<LaneResult[]> {
    const { stepped } = this.#options;
    if (stepped === undefined) return await this.#model.step(batch);
    const from = performance.now();
    const results = await this.#model.step(batch);
    stepped({
      ms: performance.now() - from,
      lanes: batch.length,
      reading: batch.some(({ draw }) => draw === 0),
      read: batch.reduce((sum, { tokens }) => sum + tokens.length, 0),
      drawn: results.reduce((sum, { drawn }) => sum + drawn.length, 0),
    });
    return results;
  }

  #drop(job: Job, error: unknown): void {
    this.#jobs.delete(job);
    job.fail(error);
  }
}
