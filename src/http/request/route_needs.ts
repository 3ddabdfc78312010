/**
 * What a route needs of a request, said where the route is written: room for its
 * turn, before the body is read, and a body that is not larger than any request has
 * to be.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Engine } from "../../engine/engine.ts";
import { RequestError } from "../../errors.ts";
import { type ModelShape, stateLength } from "../../model/shape.ts";
import { TEXT_LIMIT } from "../fields/text_fields.ts";
import type { AppEnv } from "../services.ts";
import { withBodyDeadline } from "./body_deadline.ts";
import { MOST_VALUES } from "./json_amount.ts";
import { BrokenBodyError } from "./read_body.ts";

/** What a route needs. */
export interface RouteNeeds {
  /** Whether it takes a turn: a server that has all it can take refuses early. */
  readonly takesTurn?: boolean;
  /** States that a body may hold; 1 by default. */
  readonly states?: number;
  /** Whether a state may be a list of numbers of four bytes each. */
  readonly numbers?: boolean;
  /** Whether a body may hold a state of every turn of its conversation. */
  readonly history?: boolean;
  /**
   * Whether a body is taken as JSON whatever its media type, as the servers do whose
   * examples name none. Not from pages: a browser asks before it sends JSON alone.
   */
  readonly anyType?: boolean;
}

/** States of one turn in a history: each has several ids, and items beside them. */
export const HISTORY_STATES = 4;

/** Makes sure of what a route needs, before its handler. */
export function needs(
  {
    takesTurn = false,
    states = 1,
    numbers = false,
    history = false,
    anyType = false,
  }: RouteNeeds,
): MiddlewareHandler<AppEnv> {
  return async function needs(c, next): Promise<void> {
    if (takesTurn) expectRoom(c);
    c.set("anyType", anyType && c.req.header("origin") === undefined);
    const seconds = c.get("bodyTimeout");
    if (seconds !== undefined) {
      c.set("bodyDeadline", {
        by: performance.now() + 1000 * seconds,
        seconds,
      });
    }
    const { models } = c.get("loader");
    const sizes = models.map(({ shape }) => bodyBytes(shape, states));
    const most = Math.max(...sizes);
    if (numbers) {
      const largest = Math.max(...models.map(({ shape }) => stateBytes(shape)));
      c.set("mostValues", MOST_VALUES + Math.ceil(largest / 4));
    }
    // A history is bounded while it is read, by what is kept of it.
    if (history) c.set("keepBytes", most);
    else await expectSize(c, most);
    await next();
  };
}

/**
 * Refuses a turn that no model could take: reading bodies of such requests would
 * keep a busy server from its turns.
 */
function expectRoom(c: Context<AppEnv>): void {
  const tenant = c.get("tenant");
  const refusals = c.get("loader").models.map(({ services }) =>
    services && refusalOf(services.engine, tenant)
  );
  // One that is not loaded has room, once it is.
  if (refusals.every((refusal) => refusal !== undefined)) throw refusals[0];
}

function refusalOf(engine: Engine, tenant: string): unknown {
  try {
    engine.expectRoom(tenant);
  } catch (error) {
    return error;
  }
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
    await withBodyDeadline(
      c,
      Promise.resolve(limit(c, () => Promise.resolve())),
    );
  } catch (error) {
    throw error instanceof RequestError ? error : new BrokenBodyError(error);
  }
}

/**
 * The largest body that makes sense: the largest states in base64, with their
 * penalty counts, and a text of which every character takes four bytes.
 */
function bodyBytes(shape: ModelShape, states: number): number {
  const state = stateBytes(shape);
  return Math.ceil(states * state * 4 / 3) + 4 * TEXT_LIMIT + (1 << 16);
}

function stateBytes(shape: ModelShape): number {
  return 4 * stateLength(shape) + 8 * shape.V;
}
