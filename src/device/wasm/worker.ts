/**
 * A worker: one thread of the device. Thread 0 leads and answers messages for as
 * long as the model lives; the others pack weights while it loads and then only
 * take part in passes.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { instantiate, type Kernels } from "./exports.ts";
import { FORMATS } from "./format.ts";
import { Lanes } from "./lanes.ts";
import type { Reply, Request, Start, Task } from "./messages.ts";

addEventListener("message", ({ data }: MessageEvent<Start>) => begin(data), {
  once: true,
});

function begin(start: Start): void {
  const { module, memory, layout, thread } = start;
  const kernels = instantiate(module, memory);
  const lanes = thread === 0
    ? new Lanes(kernels, memory, layout, start)
    : undefined;
  addEventListener("message", ({ data }: MessageEvent<Request>) => {
    const { id, task } = data;
    if (task.name === "serve") {
      answer({ id, answer: undefined });
      kernels.serve(layout.plan, thread);
      close();
      return;
    }
    try {
      const result = lanes === undefined || task.name === "pack"
        ? pack(start, kernels, task)
        : lead(lanes, kernels, layout.plan, task);
      answer({ id, answer: result });
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) {
        throw error;
      }
      answer({ id, failure: error.message });
    }
  });
}

/** Replies, giving large arrays away instead of copying them. */
function answer(reply: Reply): void {
  postMessage(reply, "answer" in reply ? buffers(reply.answer) : []);
}

function buffers(value: unknown): ArrayBuffer[] {
  if (value instanceof Float32Array && value.buffer instanceof ArrayBuffer) {
    return [value.buffer];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap(({ logits }) => buffers(logits));
}

function lead(
  lanes: Lanes,
  kernels: Kernels,
  plan: number,
  task: Task,
): unknown {
  switch (task.name) {
    case "clear":
      return lanes.clear(task.lane);
    case "write":
      return lanes.write(task.lane, task.values);
    case "read":
      return lanes.read(task.lane);
    case "copy":
      return lanes.copy(task.from, task.to);
    case "step":
      return lanes.step(task.batch);
    case "leave":
      return kernels.leave(plan);
  }
}

/** Packs rows into their place, through this thread's scratch. */
function pack(
  { memory, layout, thread }: Start,
  kernels: Kernels,
  task: Task,
): void {
  if (task.name !== "pack") {
    throw new TypeError(`Cannot ${task.name} on thread ${thread}`);
  }
  const { place, row, width, values } = task;
  const work = layout.scratch + thread * layout.scratchBytes;
  const source = work + 256;
  new Float32Array(memory.buffer, source, values.length).set(values);
  const rows = values.length / width;
  // Given back at once: a worker that serves never collects its garbage.
  values.buffer.transfer(0);
  const format = FORMATS[place.format];
  const target = place.offset + row * place.rowBytes;
  if (place.kind === "rows") {
    kernels.packRows(format, source, rows, width, target);
  } else {
    kernels.pack(format, source, rows, width, place.columns, target, work);
  }
}
