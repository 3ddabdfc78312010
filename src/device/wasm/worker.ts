/**
 * A worker: one thread of the device. Thread 0 leads and answers messages for as
 * long as the model lives; the others pack weights while it loads and then only
 * take part in passes.
 *
 * @module
 */

import { serveCalls } from "../../worker/serve_calls.ts";
import type { Task, ThreadReply, ThreadStart } from "./thread_messages.ts";
import { ThreadTasks } from "./thread_tasks.ts";

serveCalls<ThreadStart, Task, ThreadReply>((start) => {
  const tasks = new ThreadTasks(start);
  return (task, respond) => {
    if (task.name === "serve") {
      respond({ answer: undefined });
      tasks.serve();
      close();
      return;
    }
    try {
      const answer = tasks.do(task);
      giveBack(task);
      respond({ answer }, buffers(answer));
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) {
        throw error;
      }
      respond({ failure: error.message });
    }
  };
});

/** Frees packed rows at once: a worker that serves never collects its garbage. */
function giveBack(task: Task): void {
  if (task.name !== "pack") return;
  for (const { values } of task.pieces) values.buffer.transfer(0);
}

/** Large arrays, which are given away instead of copied. */
function buffers(value: unknown): ArrayBuffer[] {
  if (value instanceof Float32Array && value.buffer instanceof ArrayBuffer) {
    return [value.buffer];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap(({ logits }) => buffers(logits));
}
