/**
 * Refusals before any work is done: a server that has all it can take turns the
 * next request away before it reads the body, or its refusals alone would keep it
 * from its turns.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import type { Engine } from "../../engine/engine.ts";
import type { AppEnv, Loader } from "../services.ts";

/** Routes whose requests take turns. */
const TURNS: ReadonlySet<string> = new Set([
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/generate",
  "/v1/responses",
  "/v1/state/branch",
  "/v1/state/score",
]);

/** Turns requests away that no model could take. */
export function admit(loader: Loader): MiddlewareHandler<AppEnv> {
  return async function admit(c, next): Promise<void> {
    if (TURNS.has(c.req.path) && c.req.method === "POST") {
      const tenant = c.get("tenant");
      const refusals = loader.models.map(({ services }) =>
        services && refusalOf(services.engine, tenant)
      );
      // One that is not loaded has room, once it is.
      if (refusals.every((refusal) => refusal !== undefined)) {
        throw refusals[0];
      }
    }
    await next();
  };
}

function refusalOf(engine: Engine, tenant: string): unknown {
  try {
    engine.expectRoom(tenant);
  } catch (error) {
    return error;
  }
}
