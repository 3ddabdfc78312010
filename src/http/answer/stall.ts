/**
 * Answers that nobody takes. What is written waits in memory for a client that
 * reads slowly, and for ever for one that holds its connection and reads nothing:
 * such an answer is given up.
 *
 * @module
 */

/** Milliseconds that a client may take nothing of an answer. */
export const STALL_MS = 60_000;

/**
 * Passes `body` on; breaks off, and cancels it, once its reader has asked for
 * nothing for `ms` after something came.
 */
export function abortIfStalled(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ms = STALL_MS,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      clearTimeout(timer);
      const { done, value } = await reader.read();
      if (done) return controller.close();
      controller.enqueue(value);
      timer = setTimeout(() => {
        const error = new Error(`Cannot answer: nobody read for ${ms} ms`);
        controller.error(error);
        void reader.cancel(error).catch(() => {});
      }, ms);
    },
    async cancel(reason): Promise<void> {
      clearTimeout(timer);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
