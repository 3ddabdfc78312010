/**
 * Routes that take JSON and give JSON: documented, read and checked in one place.
 *
 * @module
 */

import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { stateLength } from "../../model/shape.ts";
import { charge } from "../access/charge_tokens.ts";
import { readJson } from "../request/read_body.ts";
import { needs, type RouteNeeds } from "../request/route_needs.ts";
import {
  document,
  problems,
  type ProblemStatus,
} from "../site/openapi_document.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import type { AppEnv } from "../services.ts";

/** What a route is. */
export interface JsonRoute<Request extends z.ZodType, Answer> {
  readonly path: string;
  readonly summary: string;
  readonly request: Request;
  /** A request that works as it is. */
  readonly example?: z.input<Request>;
  readonly response: z.ZodType<Answer>;
  /** What it needs besides a body with one state. */
  readonly needs?: RouteNeeds;
  /**
   * Elements (characters, tokens, values of states) that the answer is worked out
   * from without a turn: charged to the caller before it is, by
   * {@linkcode charge}. Absent: its turns are charged.
   */
  readonly elements?: (
    request: z.output<Request>,
    values: number,
  ) => number;
  /** Statuses of problems besides those of every JSON route. */
  readonly refusals?: readonly ProblemStatus[];
}

/** Values of a state of the request's model. */
function stateValues(c: Context<AppEnv>): number {
  return stateLength(c.get("services").engine.model.shape);
}

/** Adds a route to `app`. */
export function postJson<Request extends z.ZodType, Answer>(
  app: OpenAPIHono<AppEnv>,
  route: JsonRoute<Request, Answer>,
  answer: (
    c: Context<AppEnv>,
    value: z.output<Request>,
  ) => Answer | Promise<Answer>,
): void {
  const { path, summary, request, example, response, refusals = [] } = route;
  const statuses = new Set(
    [400, 401, 404, 408, 413, 415, 422, 429, 503, ...refusals] as const,
  );
  document(
    app,
    createRoute({
      method: "post",
      path,
      summary,
      request: {
        body: {
          required: true,
          content: {
            "application/json": {
              schema: request,
              ...(example !== undefined && { example }),
            },
          },
        },
      },
      responses: {
        200: {
          description: "Success",
          content: { "application/json": { schema: response } },
        },
        ...problems(...[...statuses].sort()),
      },
    }),
  );
  app.post(path, needs(route.needs ?? {}), async (c) => {
    const value = await readJson(c, request);
    if (route.elements) charge(c, route.elements(value, stateValues(c)));
    return await jsonAnswer(c, answer(c, value) as object);
  });
}
