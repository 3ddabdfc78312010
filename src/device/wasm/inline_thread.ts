/**
 * The one thread of a device that has no workers: tasks run on the caller's own
 * thread, one after another, and the event loop turns between them.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type { Answers, Task, ThreadStart } from "./thread_messages.ts";
import type { WasmThread } from "./worker_thread.ts";
import { ThreadTasks } from "./thread_tasks.ts";

/** A thread that is the caller's. */
export class InlineThread implements WasmThread {
  readonly #tasks: ThreadTasks;
  #lastTask: Promise<unknown> = Promise.resolve();
  #endedWith: Error | undefined;

  /** Joins the kernels to the memory. */
  constructor(start: ThreadStart) {
    this.#tasks = new ThreadTasks(start);
  }

  do<Name extends Task["name"]>(
    task: Extract<Task, { name: Name }>,
  ): Promise<Answers[Name]> {
    const result = this.#lastTask.then(async () => {
      await nextTurn();
      if (this.#endedWith !== undefined) throw this.#endedWith;
      try {
        return this.#tasks.do(task) as Answers[Name];
      } catch (error) {
        if (!(error instanceof RangeError || error instanceof TypeError)) {
          throw error;
        }
        throw new DeviceError("ERR_DEVICE_FAILED", error.message);
      }
    });
    this.#lastTask = result.catch(() => {});
    return result;
  }

  end(error: Error): void {
    this.#endedWith ??= error;
  }
}

/**
 * Lets timers, events and answers of the network through. A promise alone would
 * not, and a timer waits for 4 ms where it is set by a timer.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
