/**
 * A worker as the main thread sees it: tasks in order, answers as promises.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import { WorkerClient } from "../../worker/worker_client.ts";
import type {
  Answers,
  Task,
  ThreadReply,
  ThreadStart,
} from "./thread_messages.ts";

/** A thread of the device: tasks in order, answers as promises. */
export interface WasmThread {
  /** Asks for a task; it is done after those asked for before. */
  do<Name extends Task["name"]>(
    task: Extract<Task, { name: Name }>,
    transfer?: Transferable[],
  ): Promise<Answers[Name]>;
  /** Ends the thread; what waits is rejected with `error`. */
  end(error: Error): void;
}

/** One worker. */
export class WorkerThread implements WasmThread {
  readonly #client: WorkerClient<Task, ThreadReply>;

  /**
   * Starts a worker.
   *
   * @param crashed Told, once, if it fails of itself.
   */
  constructor(start: ThreadStart, crashed: (error: Error) => void) {
    // Bundlers know a worker by this form alone.
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
    });
    this.#client = new WorkerClient(worker, start, {
      explain: ({ message }) =>
        new DeviceError(
          "ERR_DEVICE_LOST",
          `Cannot go on: worker ${start.thread} failed with ${message}`,
        ),
      crashed,
    });
  }

  async do<Name extends Task["name"]>(
    task: Extract<Task, { name: Name }>,
    transfer: Transferable[] = [],
  ): Promise<Answers[Name]> {
    const reply = await this.#client.call(task, { transfer });
    if ("answer" in reply) return reply.answer as Answers[Name];
    throw new DeviceError("ERR_DEVICE_FAILED", reply.failure);
  }

  end(error: Error): void {
    this.#client.end(error);
  }
}
