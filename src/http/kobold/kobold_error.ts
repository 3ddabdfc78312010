/**
 * Errors in the shape that KoboldCpp's clients read. Source: KoboldCpp's API
 * document, and `koboldcpp.py`.
 *
 * @module
 */

import { type RouteConfig, z } from "@hono/zod-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Dialect } from "../dialect.ts";
import { codeOf, problem, problemHeaders, PROBLEMS } from "../problem.ts";
import { jsonErrors, type ProblemStatus } from "../site/openapi_document.ts";

/** An error as KoboldCpp says it. */
export const KoboldError = z.object({
  detail: z.object({ msg: z.string(), type: z.string() }),
  code: z.string().describe("Error code of this server"),
}).openapi("KoboldError");
/** An error as KoboldCpp says it. */
export type KoboldError = z.infer<typeof KoboldError>;

/** The responses of a route of KoboldCpp's for these statuses. */
export function koboldErrors(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return jsonErrors(KoboldError, ...statuses);
}

/** What KoboldCpp calls an error of a status. */
function typeOf(status: number): string {
  switch (status) {
    case 401:
      return "unauthorized";
    case 429:
    case 503:
      return "service_unavailable";
    default:
      return status >= 500 ? "server_error" : "bad_input";
  }
}

/** Describes `error`: in full if it is ours, not at all if not. */
export function koboldError(error: unknown, requestId: string): KoboldError {
  const { title, detail, status } = problem(error, requestId);
  return {
    detail: { msg: detail ?? title, type: typeOf(status) },
    code: codeOf(error),
  };
}

/** KoboldCpp's language, in which 422 means a value that does not fit. */
export const KOBOLD: Dialect = {
  speaks: (path) => /^\/api\/(v1|extra)(\/|$)/.test(path),
  refuse(c, error) {
    const code = codeOf(error);
    const status: ContentfulStatusCode = PROBLEMS[code][0];
    const body = koboldError(error, c.get("requestId"));
    return c.json(body, status, problemHeaders(code));
  },
};
