/**
 * What the routes tell `/openapi.json` about themselves.
 *
 * @module
 */

import type { OpenAPIHono, RouteConfig, z } from "@hono/zod-openapi";
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
const STATUS_DESCRIPTIONS = {
  400: "The body or the state is malformed",
  401: "The API key is missing or unknown",
  403: "The state was rejected or has expired, or its profile is not allowed",
  404: "The model or the initial state was not found",
  408: "The body did not arrive within the time limit",
  409: "The state belongs to another model",
  413: "The body is too large",
  415: "Unsupported media type",
  422: "The body does not fit the schema, or the model does not fit in memory",
  429: "The server is at capacity, or the rate limit was exceeded",
  500: "Internal server error",
  503:
    "The device is being replaced, memory is taken by other models, the server is shutting down, or the time limit was exceeded",
} satisfies Record<ProblemStatus, string>;

/** The responses of a native route for these statuses. */
export function problems(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return refusals(PROBLEM_TYPE, Problem, statuses);
}

/** The responses of a dialect's route for these statuses: its errors, as JSON. */
export function jsonErrors(
  schema: z.ZodType,
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return refusals("application/json", schema, statuses);
}

function refusals(
  type: string,
  schema: z.ZodType,
  statuses: readonly ProblemStatus[],
): RouteConfig["responses"] {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: STATUS_DESCRIPTIONS[status],
    content: { [type]: { schema } },
  }]));
}

/** Adds a route to the document without handing its validation over. */
export function document(app: OpenAPIHono<AppEnv>, route: RouteConfig): void {
  app.openAPIRegistry.registerPath(route);
}
