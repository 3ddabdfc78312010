/**
 * Server-sent events: one `data:` line of JSON for each event, and a comment now
 * and then so that proxies keep the connection.
 *
 * @module
 */

import { PATIENCE_MS, raceTimeout } from "./patience.ts";
import { abortIfStalled } from "./stall.ts";

/** How long a stream may be silent. */
const KEEP_ALIVE_MS = 15_000;

/** What a stream of events needs to know of its surroundings. */
export interface StreamOptions {
  /** Called when the client is gone. */
  readonly onCancel: () => void;
  /** What to send if `events` throws. */
  readonly onError: (error: unknown) => string;
  /** What ends the stream, once all went well; OpenAI's sends `[DONE]`. */
  readonly last?: string;
  /** How one event is written; as one `data:` line by default. */
  readonly frame?: (event: string) => string;
  /** What is sent now and then; a comment by default, nothing if empty. */
  readonly keepAlive?: string;
  /** The media type; that of server-sent events by default. */
  readonly type?: string;
  /** Silence after which a comment is sent. */
  readonly keepAliveMs?: number;
  /** How long to wait for the first event before the stream begins. */
  readonly patienceMs?: number;
  /** How long the client may take nothing before the stream breaks off. */
  readonly stallMs?: number;
}

/**
 * Streams `first`, then `events`, each the text of one `data:` line. The next
 * event is asked for only when the last one was taken: what a slow client has not
 * taken waits as the events of one turn, until {@linkcode abortIfStalled} aborts it.
 *
 * @throws What `first` fails with, unless it took long.
 */
export async function eventStream(
  first: IteratorResult<string, void> | Promise<IteratorResult<string, void>>,
  events: AsyncIterator<string, void>,
  options: StreamOptions,
): Promise<Response> {
  const { onCancel, onError, last, keepAliveMs = KEEP_ALIVE_MS } = options;
  const utf8 = new TextEncoder();
  const { frame = (data: string) => `data: ${data}\n\n` } = options;
  const { keepAlive = ": keep-alive\n\n" } = options;
  const line = (data: string) => utf8.encode(frame(data));
  let next: Promise<IteratorResult<string, void>> | undefined = Promise.resolve(
    first,
  );
  await raceTimeout(next, options.patienceMs ?? PATIENCE_MS);
  // A client that has gone hears of no failure.
  next.catch(() => {});
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      next ??= events.next();
      try {
        const known = keepAlive === ""
          ? { value: await next }
          : await raceTimeout(next, keepAliveMs);
        if (known === undefined) {
          controller.enqueue(utf8.encode(keepAlive));
          return;
        }
        const { value: result } = known;
        next = undefined;
        if (!result.done) {
          controller.enqueue(line(result.value));
          return;
        }
        if (last !== undefined) controller.enqueue(line(last));
      } catch (error) {
        controller.enqueue(line(onError(error)));
      }
      controller.close();
    },
    async cancel(): Promise<void> {
      onCancel();
      await next?.catch(() => undefined);
      await events.return?.();
    },
  }, { highWaterMark: 0 });
  return new Response(abortIfStalled(body, options.stallMs), {
    headers: {
      "content-type": options.type ?? "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}
