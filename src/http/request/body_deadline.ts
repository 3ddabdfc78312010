/**
 * How long a body may take to arrive. Deno itself waits for ever, and after a
 * refusal (which says `connection: close`) it waits for the client to hang up: only
 * a proxy in front closes the connections of those who never do.
 *
 * @module
 */

import type { Context } from "hono";
import { RequestError } from "../../errors.ts";
import { raceTimeout } from "../answer/answer_start.ts";
import type { AppEnv } from "../services.ts";

/**
 * Waits for what is read from a body, until the body's time is over.
 *
 * @throws {RequestError} `ERR_REQUEST_TIMEOUT`; the connection is of no use then.
 */
export async function withBodyDeadline<T>(
  c: Context<AppEnv>,
  reading: Promise<T>,
): Promise<T> {
  const deadline = c.get("bodyDeadline");
  if (deadline === undefined) return await reading;
  const { by, seconds } = deadline;
  const known = await raceTimeout(reading, Math.max(0, by - performance.now()));
  if (known !== undefined) return known.value;
  // It ends when the connection does.
  reading.catch(() => {});
  throw new RequestError(
    "ERR_REQUEST_TIMEOUT",
    `Cannot read body: it did not arrive within ${seconds} s`,
  );
}
