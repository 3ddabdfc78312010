import { assertEquals } from "@std/assert";
import type {
  DeviceModel,
  LaneResult,
  LaneStep,
} from "../../src/device/device.ts";
import { Guide } from "../../src/engine/turn/constraint_guide.ts";
import {
  type Job,
  Scheduler,
  type StepBudget,
} from "../../src/engine/queue/scheduler.ts";
import { until } from "../support/until.ts";

/** A model that tells which lanes share its steps. */
function recorder(steps: number[][]): DeviceModel {
  const step = (batch: readonly LaneStep[]) => {
    steps.push(batch.map(({ lane }) => lane));
    return Promise.resolve(
      batch.map((): LaneResult => ({ drawn: [1], stopped: false })),
    );
  };
  return { step } as unknown as DeviceModel;
}

/** A job that draws so often, and follows a grammar that takes so long. */
class Drawer implements Job {
  readonly lane: number;
  readonly reading = false;
  readonly guided = true;
  readonly #guide: Guide;
  readonly rooms: StepBudget[] = [];
  #left: number;
  #flying = false;
  failed = false;

  constructor(
    lane: number,
    draws: number,
    { takes, wake, fail = false }: {
      readonly takes: () => Promise<void>;
      readonly wake: (job: Job) => void;
      readonly fail?: boolean;
    },
  ) {
    this.lane = lane;
    this.#left = draws;
    this.#guide = new Guide({
      mask: Uint32Array.of(1),
      accept: async () => {
        await takes();
        if (fail) throw new RangeError("Cannot follow");
        return 0;
      },
      held: 0,
      close: () => {},
    }, {
      changed: () => wake(this),
      retreat: () => {},
      failed: () => this.fail(),
    });
  }

  get soon(): boolean {
    return this.#guide.soon && !this.failed;
  }

  next(room: StepBudget): LaneStep | undefined {
    const ready = this.#guide.ready && !this.#flying && !this.failed;
    if (!ready || this.#left === 0) return undefined;
    this.#left--;
    this.#flying = true;
    this.rooms.push(room);
    return { lane: this.lane, tokens: [], draw: 1 } as unknown as LaneStep;
  }

  accept({ drawn }: LaneResult): void {
    this.#flying = false;
    this.#guide.follow(drawn);
  }

  fail(): void {
    this.failed = true;
  }
}

/** What takes so many milliseconds. */
function sleep(ms: number): () => Promise<void> {
  return () => new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("Scheduler waits for a mask that is almost there, so that lanes share steps", async () => {
  const steps: number[][] = [];
  const scheduler = new Scheduler(recorder(steps), { ahead: 2 });
  const wake = (job: Job) => scheduler.add(job);
  const jobs = [0, 1].map((lane) =>
    new Drawer(lane, 5, { takes: sleep(lane), wake })
  );
  for (const job of jobs) scheduler.add(job);
  await until("ten draws", () => steps.flat().length === 10);
  // A timer may be late on a busy machine, though not always.
  const shared = steps.filter((lanes) => lanes.length === 2).length;
  assertEquals(shared >= 3, true, JSON.stringify(steps));
  assertEquals(jobs[0].rooms[0].draw, 4);
  await until("no mask", () => jobs.every(({ soon }) => !soon));
});

Deno.test("Scheduler does not wait for a mask that takes its time, nor for one that fails", async () => {
  for (const fail of [false, true]) {
    const steps: number[][] = [];
    const scheduler = new Scheduler(recorder(steps), { ahead: 2 });
    const wake = (job: Job) => scheduler.add(job);
    const { promise, resolve } = Promise.withResolvers<void>();
    const takes = fail ? sleep(0) : () => promise;
    const slow = new Drawer(0, 2, { takes, wake, fail });
    const fast = new Drawer(1, 6, { takes: sleep(0), wake });
    for (const job of [slow, fast]) scheduler.add(job);
    const of = (lane: number) =>
      steps.flat().filter((one) => one === lane).length;
    await until("the fast one", () => of(1) === 6);
    assertEquals(of(0), 1);
    if (fail) continue;
    resolve();
    await until("the slow one", () => of(0) === 2);
    await until("no mask", () => !slow.soon);
  }
});
