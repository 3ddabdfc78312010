/**
 * How large a body may be, and when it has to be there.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { RequestError } from "../../errors.ts";
import { type ModelShape, stateLength } from "../../model/shape.ts";
import { arrived } from "./arrival.ts";
import { brokenOff } from "./body.ts";
import { TEXT_LIMIT } from "../native/schema.ts";
import type { AppEnv } from "../services.ts";

/** Routes that take more than one state. */
const STATES = new Map([["/v1/state/diff", 2], ["/v1/state/mix", 8]]);

/**
 * Refuses bodies that are larger than any request has to be.
 *
 * @param seconds How long a body may take to arrive; absent: any time.
 */
export function limitBody(
  seconds: number | undefined,
): MiddlewareHandler<AppEnv> {
  return async function limitBody(c, next): Promise<void> {
    if (seconds !== undefined) {
      c.set("arrival", { by: performance.now() + 1000 * seconds, seconds });
    }
    const states = STATES.get(c.req.path) ?? 1;
    const { models } = c.get("loader");
    const sizes = models.map(({ shape }) => bodyBytes(shape, states));
    await expectSize(c, Math.max(...sizes));
    await next();
  };
}

/** Reads a body that does not say how long it is. */
async function expectSize(
  c: Context<AppEnv>,
  maxSize: number,
): Promise<void> {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new RequestError(
        "ERR_REQUEST_TOO_LARGE",
        `Cannot read body: it is larger than ${maxSize} bytes`,
      );
    },
  });
  try {
    await arrived(c, Promise.resolve(limit(c, () => Promise.resolve())));
  } catch (error) {
    throw error instanceof RequestError ? error : brokenOff(error);
  }
}

/**
 * The largest body that makes sense: the largest states in base64, with their
 * penalty counts, and a text of which every character takes four bytes.
 */
function bodyBytes(shape: ModelShape, states: number): number {
  const state = 4 * stateLength(shape) + 8 * shape.V;
  return Math.ceil(states * state * 4 / 3) + 4 * TEXT_LIMIT + (1 << 16);
}
