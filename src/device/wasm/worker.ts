/**
 * A worker: one thread of the device. Thread 0 leads and answers messages for as
 * long as the model lives; the others pack weights while it loads and then only
 * take part in passes.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import type { Request, Task, ThreadReply, ThreadStart } from "./messages.ts";
import { ThreadTasks } from "./thread_tasks.ts";

addEventListener(
  "message",
  ({ data }: MessageEvent<ThreadStart>) => begin(data),
  {
    once: true,
  },
);

function begin(start: ThreadStart): void {
  const tasks = new ThreadTasks(start);
  addEventListener("message", ({ data }: MessageEvent<Request>) => {
    const { id, task } = data;
    if (task.name === "serve") {
      answer({ id, answer: undefined });
      tasks.serve();
      close();
      return;
    }
    try {
      const result = tasks.do(task);
      giveBack(task);
      answer({ id, answer: result });
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) {
        throw error;
      }
      answer({ id, failure: error.message });
    }
  });
}

/** Frees packed rows at once: a worker that serves never collects its garbage. */
function giveBack(task: Task): void {
  if (task.name === "pack") task.values.buffer.transfer(0);
}

/** Replies, giving large arrays away instead of copying them. */
function answer(reply: ThreadReply): void {
  postMessage(reply, "answer" in reply ? buffers(reply.answer) : []);
}

function buffers(value: unknown): ArrayBuffer[] {
  if (value instanceof Float32Array && value.buffer instanceof ArrayBuffer) {
    return [value.buffer];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap(({ logits }) => buffers(logits));
}
