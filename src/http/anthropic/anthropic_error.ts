/**
 * Errors in the shape that Anthropic's clients read. Source: Anthropic's API
 * reference, "Errors", and `src/core/error.ts` of `@anthropic-ai/sdk`.
 *
 * @module
 */

import { type RouteConfig, z } from "@hono/zod-openapi";
import type { Dialect } from "../dialect.ts";
import {
  codeOf,
  problem,
  problemHeaders,
  PROBLEMS,
  statusWithout422,
} from "../problem.ts";
import { jsonErrors, type ProblemStatus } from "../site/openapi_document.ts";

/** What Anthropic calls an error of a status. */
const ANTHROPIC_ERROR_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  503: "overloaded_error",
};

/** An error as Anthropic's API says it. */
export const AnthropicError = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.string(),
    message: z.string(),
    code: z.string().describe("Error code of this server"),
  }),
  request_id: z.string(),
}).openapi("AnthropicError");
/** An error as Anthropic's API says it. */
export type AnthropicError = z.infer<typeof AnthropicError>;

/** The responses of a route of Anthropic's for these statuses. */
export function anthropicErrors(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return jsonErrors(AnthropicError, ...statuses);
}

/** Describes `error`: in full if it is ours, not at all if not. */
export function anthropicError(
  error: unknown,
  requestId: string,
): AnthropicError {
  const { title, detail } = problem(error, requestId);
  const code = codeOf(error);
  return {
    type: "error",
    error: {
      type: ANTHROPIC_ERROR_TYPES[PROBLEMS[code][0]] ?? "invalid_request_error",
      message: detail ?? title,
      code,
    },
    request_id: requestId,
  };
}

/** Anthropic's language, which knows no 422. */
export const ANTHROPIC: Dialect = {
  speaks: (path) => /^\/v1\/messages(\/|$)/.test(path),
  refuse(c, error) {
    const code = codeOf(error);
    const requestId = c.get("requestId");
    return c.json(anthropicError(error, requestId), statusWithout422(code), {
      ...problemHeaders(code),
      "request-id": requestId,
    });
  },
};
