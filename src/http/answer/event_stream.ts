/**
 * Answers that are streams of JSON events.
 *
 * @module
 */

import type { Context } from "hono";
import type { AppEnv } from "../services.ts";
import { type BodyOptions, type Bytes, streamBody } from "./answer_body.ts";
import { jsonPieces } from "./json_answer.ts";

/** A framing of JSON events. */
export interface StreamFormat {
  /** The media type, and what keeps proxies from holding events back. */
  readonly headers: Readonly<Record<string, string>>;
  /** What stands before an event's JSON. */
  readonly before: (event: object) => string;
  /** What stands after it. */
  readonly after: string;
  /** What readers skip, sent in long silences; none by default. */
  readonly keepAlive?: string;
}

/**
 * Server-sent events: one `data:` line of JSON for each event, and a comment now and
 * then so that proxies keep the connection. Source: HTML, "Server-sent events".
 */
export const EVENT_STREAM: StreamFormat = {
  headers: {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  },
  before: () => "data: ",
  after: "\n\n",
  keepAlive: ": keep-alive\n\n",
};

/** How a stream of events is sent. */
export interface EventStreamOptions extends Omit<BodyOptions, "failure"> {
  /** How events are framed; by default, as server-sent events. */
  readonly format?: StreamFormat | undefined;
  /** What ends a stream that went well; OpenAI's sends `[DONE]`. */
  readonly last?: string | undefined;
  /** The event of an error. */
  readonly failure: (error: unknown) => object;
}

/** Sends events, and waits until the client asks for more. */
export type SendEvents = (events: readonly object[]) => Promise<boolean>;

/** Streams the events that `produce` sends. */
export async function streamEvents(
  c: Context<AppEnv>,
  produce: (send: SendEvents) => Promise<void>,
  { format = EVENT_STREAM, last, failure, ...options }: EventStreamOptions,
): Promise<Response> {
  const { headers, before, after, keepAlive } = format;
  const utf8 = new TextEncoder();
  function* framed(events: readonly object[]): Generator<Bytes, void> {
    for (const event of events) {
      yield* jsonPieces(event, before(event), after);
    }
  }
  return await streamBody(c, headers, async (body) => {
    await produce((events) => body.write(framed(events)));
    if (last === undefined) return;
    await body.write([utf8.encode(`${before({})}${last}${after}`)]);
  }, {
    ...options,
    failure: (error) => framed([failure(error)]),
    ...(keepAlive !== undefined && { keepAlive: utf8.encode(keepAlive) }),
  });
}
