/**
 * What the routes tell `/openapi.json` about themselves.
 *
 * @module
 */

import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import { Problem, PROBLEM_TYPE } from "../problem.ts";
import type { AppEnv } from "../services.ts";

/** Statuses that answer with a problem. */
export type ProblemStatus =
  | 400
  | 401
  | 403
  | 404
  | 408
  | 409
  | 413
  | 415
  | 422
  | 429
  | 500
  | 503;

/** What each status means, whatever the route. */
export const DESCRIPTIONS = {
  400: "The body cannot be read, or the state is no state at all",
  401: "The API key is missing or unknown",
  403: "The state was rejected or has expired, or its profile is not allowed",
  404: "There is no such model",
  408: "The body did not arrive in time",
  409: "The state belongs to another model",
  413: "The body is larger than any state and prompt can be",
  415: "The body is of another media type",
  422: "The body does not fit the schema, or the model does not fit the server",
  429:
    "Every lane is taken and the queue is full, or the caller has used up a minute's worth",
  500: "The server failed",
  503:
    "The device is being replaced, other models take the room of this one, the server closes, or the time was not enough",
} satisfies Record<ProblemStatus, string>;

/** The responses of a route for these statuses. */
export function problems(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: DESCRIPTIONS[status],
    content: { [PROBLEM_TYPE]: { schema: Problem } },
  }]));
}

/** Adds a route to the document without handing its validation over. */
export function document(app: OpenAPIHono<AppEnv>, route: RouteConfig): void {
  app.openAPIRegistry.registerPath(route);
}
