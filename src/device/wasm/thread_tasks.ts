/**
 * What a thread of the device does, wherever it runs: in a worker (`worker.ts`)
 * or on the caller's own thread (`inline_thread.ts`).
 *
 * @module
 */

import { instantiate, type WasmKernels } from "./kernel_exports.ts";
import { MATRIX_FORMATS } from "../matrix_format.ts";
import { BatchRunner } from "./batch_runner.ts";
import type { Task, ThreadStart, UnpackedRows } from "./thread_messages.ts";

/** One thread's kernels, and on thread 0 all lanes. */
export class ThreadTasks {
  readonly #threadStart: ThreadStart;
  readonly #kernels: WasmKernels;
  readonly #batchRunner: BatchRunner | undefined;

  /** Joins the kernels to the memory. */
  constructor(start: ThreadStart) {
    const { module, memory, layout, thread } = start;
    this.#threadStart = start;
    this.#kernels = instantiate(module, memory);
    if (thread > 0) return;
    this.#batchRunner = new BatchRunner(this.#kernels, memory, layout, start);
  }

  /**
   * Does a task and answers it.
   *
   * @throws {RangeError} If it names a lane, a token or a size that is not there.
   * @throws {TypeError} If this thread has no such task.
   */
  do(task: Task): unknown {
    const lanes = this.#batchRunner, { layout } = this.#threadStart;
    if (task.name === "pack") {
      return task.pieces.forEach((piece) => this.#pack(piece));
    }
    if (lanes === undefined) {
      throw new TypeError(
        `Cannot ${task.name} on thread ${this.#threadStart.thread}: thread 0 leads`,
      );
    }
    switch (task.name) {
      case "clear":
        return lanes.clear(task.lane);
      case "write":
        return lanes.write(task.lane, task.values);
      case "takeStaged":
        return lanes.takeStaged(task.lane, task.staged);
      case "read":
        return lanes.read(task.lane);
      case "copy":
        return lanes.copy(task.from, task.to);
      case "step":
        return lanes.step(task.batch);
      case "leave":
        return this.#kernels.leave(layout.plan, layout.threads);
      case "serve":
        throw new TypeError("Cannot serve on thread 0: it leads");
    }
  }

  /** Takes part in passes until thread 0 lets the others leave. */
  serve(): void {
    this.#kernels.serve(
      this.#threadStart.layout.plan,
      this.#threadStart.thread,
    );
  }

  /** Packs rows into their place, through this thread's scratch. */
  #pack({ place, row, width, values }: UnpackedRows): void {
    const { memory, layout, thread } = this.#threadStart;
    const work = layout.scratch + thread * layout.scratchBytes;
    const source = work + 256;
    new Float32Array(memory.buffer, source, values.length).set(values);
    const rows = values.length / width;
    const format = MATRIX_FORMATS[place.format];
    const target = place.offset + row * place.rowBytes;
    if (place.kind === "rows") {
      this.#kernels.packRows(format, source, rows, width, target);
    } else {
      const { columns } = place;
      this.#kernels.pack(format, source, rows, width, columns, target, work);
    }
  }
}
