/**
 * A worker as the main thread sees it: tasks in order, answers as promises.
 *
 * @module
 */

import { DeviceError } from "../../errors.ts";
import type {
  Answers,
  Request,
  Task,
  ThreadReply,
  ThreadStart,
} from "./messages.ts";

/** What waits for a reply. */
interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

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
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: Error | undefined;

  /**
   * Starts a worker.
   *
   * @param crashed Told, once, if it fails of itself.
   */
  constructor(start: ThreadStart, crashed: (error: Error) => void) {
    // Bundlers know a worker by this form alone.
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.addEventListener("message", (event) => this.#settle(event));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      crashed(
        new DeviceError(
          "ERR_DEVICE_LOST",
          `Cannot go on: worker ${start.thread} failed with ${event.message}`,
        ),
      );
    });
    this.#worker.postMessage(start);
  }

  do<Name extends Task["name"]>(
    task: Extract<Task, { name: Name }>,
    transfer: Transferable[] = [],
  ): Promise<Answers[Name]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#worker.postMessage({ id, task } satisfies Request, transfer);
    return promise as Promise<Answers[Name]>;
  }

  end(error: Error): void {
    this.#ended ??= error;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #settle({ data }: MessageEvent<ThreadReply>): void {
    const waiting = this.#waiting.get(data.id);
    if (waiting === undefined) return;
    this.#waiting.delete(data.id);
    if ("answer" in data) waiting.resolve(data.answer);
    else waiting.reject(new DeviceError("ERR_DEVICE_FAILED", data.failure));
  }
}
