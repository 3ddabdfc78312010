/**
 * Answering calls in a worker; `worker_client.ts` makes them.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import type { WorkerCall, WorkerReply } from "./worker_client.ts";

/** Sends the reply of a call, once, giving away what is in `transfer`. */
export type Respond<Reply> = (reply: Reply, transfer?: Transferable[]) => void;

/**
 * Answers calls from now on. What `begin` or an answer throws ends the worker, and
 * its client is told.
 *
 * @param begin Called once with what the client sent first; gives what answers.
 */
export function serveCalls<Start, Request, Reply>(
  begin: (
    start: Start,
  ) => (request: Request, respond: Respond<Reply>) => unknown,
): void {
  let answer: ReturnType<typeof begin> | undefined;
  addEventListener("message", ({ data }: MessageEvent) => {
    if (answer === undefined) {
      answer = begin(data as Start);
      return;
    }
    const { id, request } = data as WorkerCall<Request>;
    const done = answer(request, (reply, transfer = []) => {
      const message: WorkerReply<Reply> = { id, reply };
      postMessage(message, transfer);
    });
    if (done instanceof Promise) {
      // A client hears of errors that are thrown, and not of rejections.
      done.catch((error) =>
        queueMicrotask(() => {
          throw error;
        })
      );
    }
  });
}
