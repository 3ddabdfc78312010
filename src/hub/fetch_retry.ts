/**
 * Asking again: networks fail for moments, and what fails for longer is said in
 * one sentence with its repair.
 *
 * @module
 */

import { ModelError } from "../errors.ts";

/** How to reach the network, and how patiently. */
export interface Transport {
  /** Sends a request; follows redirects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Lets milliseconds pass. */
  readonly wait: (ms: number) => Promise<void>;
  /** Failures in a row, none of which brought a byte, that end it. */
  readonly tries: number;
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly stall: number;
}

/** The network, asked up to seven times over about a minute. */
export const NETWORK: Transport = {
  fetch: (request) => fetch(request),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  tries: 7,
  stall: 60_000,
};

/** Milliseconds before the second attempt, doubled at each one, and at most. */
const PAUSE = 500, LONGEST = 30_000;

/** Milliseconds that a server may ask us to wait. */
const MOST_RETRY_WAIT = 300_000;

/** Statuses that may be another one in a moment. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failure that may be over in a moment. */
export class TransientFailure extends Error {
  /** Milliseconds to wait, if the server said so. */
  readonly after: number | undefined;

  /** Says what went wrong, as the end of a sentence. */
  constructor(found: string, after?: number) {
    super(found);
    this.after = after;
  }
}

/**
 * Does something until it works.
 *
 * @param what For messages: what is being fetched.
 * @param attempt Throws {@linkcode TransientFailure} where it is worth another try.
 * @param progressed Whether the last attempt brought anything: then the count of
 * failures starts again.
 * @throws {ModelError} `ERR_MODEL_NETWORK` after too many failures in a row.
 */
export async function persist<T>(
  { tries, wait }: Transport,
  what: string,
  attempt: () => Promise<T>,
  progressed: () => boolean = () => false,
): Promise<T> {
  for (let failures = 0;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      failures = progressed() ? 1 : failures + 1;
      if (failures >= tries) {
        throw new ModelError(
          "ERR_MODEL_NETWORK",
          `Cannot fetch ${what}: ${error.message}, ${failures} times in a ` +
            "row; what has arrived is kept, so try again later",
          { cause: error },
        );
      }
      const pause = Math.min(LONGEST, PAUSE * 2 ** (failures - 1));
      await wait(error.after ?? pause * (0.5 + Math.random() / 2));
    }
  }
}

/**
 * Sends a request and answers a response that can be used.
 *
 * @param accepted Statuses to answer besides 200 to 299.
 * @throws {TransientFailure} If another try may help.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if the server has no such file for
 * us, `ERR_MODEL_NETWORK` if it answers anything else.
 */
export async function send(
  { fetch }: Transport,
  request: Request,
  accepted: readonly number[] = [],
): Promise<Response> {
  const { url } = request;
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    throw new TransientFailure(reason(error));
  }
  const { status } = response;
  if (response.ok || accepted.includes(status)) return response;
  await response.body?.cancel().catch(() => undefined);
  if (PASSING.has(status)) {
    const after = retryAfter(response.headers.get("retry-after"));
    throw new TransientFailure(`it answers ${status}`, after);
  }
  const closed = status === 401 || status === 403;
  const gone = status === 404 || status === 410;
  const found = closed
    ? `it answers ${status}; if the repository is private or gated, set ` +
      "HF_TOKEN to a token that may read it"
    : gone
    ? "there is no such file"
    : `it answers ${status}`;
  throw new ModelError(
    closed || gone ? "ERR_MODEL_NOT_FOUND" : "ERR_MODEL_NETWORK",
    `Cannot fetch ${plain(url)}: ${found}`,
  );
}

/** A URL for people: without what may be secret in it. */
export function plain(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** What went wrong, without the URL: a redirect may have put a signature in. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s*(for url )?\(?https?:\/\/[^\s)]+\)?/g, "");
}

function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header)
    ? Number(header) * 1000
    : Date.parse(header) - Date.now();
  return Number.isFinite(ms)
    ? Math.max(0, Math.min(ms, MOST_RETRY_WAIT))
    : undefined;
}
