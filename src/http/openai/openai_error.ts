/**
 * Errors in the shape that OpenAI's clients read. Source: the error objects of
 * `openai-node`, `src/core/error.ts`.
 *
 * @module
 */

import { type RouteConfig, z } from "@hono/zod-openapi";
import type { Dialect } from "../dialect.ts";
import { REPORT } from "../answer/answer_report.ts";
import { jsonErrors, type ProblemStatus } from "../site/openapi_document.ts";
import {
  codeOf,
  problem,
  type ProblemCode,
  problemHeaders,
  statusWithout422,
} from "../problem.ts";

/** Codes that OpenAI has words of its own for. */
const OPENAI_CODES = new Map<ProblemCode, string>([
  ["ERR_MODEL_NOT_FOUND", "model_not_found"],
  ["ERR_RATE_LIMITED", "rate_limit_exceeded"],
  ["ERR_REQUEST_UNAUTHORIZED", "invalid_api_key"],
  ["ERR_TOO_BUSY", "rate_limit_exceeded"],
]);

/** An error as OpenAI's API says it. */
export const OpenAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.enum(["invalid_request_error", "rate_limit_error", "server_error"]),
    param: z.string().nullable(),
    code: z.string(),
  }),
}).openapi("OpenAIError");
/** An error as OpenAI's API says it. */
export type OpenAiError = z.infer<typeof OpenAiError>;

/** The responses of a route of OpenAI's for these statuses. */
export function openAiErrors(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return jsonErrors(OpenAiError, ...statuses);
}

/** The responses of a route of OpenAI's that answers whole or in events. */
export function openAiAnswers(description: string): RouteConfig["responses"] {
  return {
    200: {
      description,
      content: {
        "application/json": {
          schema: z.looseObject({ id: z.string(), ...REPORT }),
        },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...openAiErrors(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503),
  };
}

const NATIVE = /^\/v1\/(generate|model|state|tokenize|detokenize)(\/|$)/;

/** Describes `error`: in full if it is ours, not at all if not. */
export function openAiError(error: unknown, requestId: string): OpenAiError {
  const { title, detail, status, code, errors } = problem(error, requestId);
  return {
    error: {
      message: detail ?? title,
      type: status >= 500
        ? "server_error"
        : status === 429
        ? "rate_limit_error"
        : "invalid_request_error",
      param: errors?.[0]?.pointer.slice(1).replaceAll("/", ".") || null,
      code: OPENAI_CODES.get(codeOf(error)) ?? code,
    },
  };
}

/**
 * OpenAI's language: all under `/v1` but the native routes, those that are not there
 * included, for its clients ask for them. It knows no 422: what does not fit is a 400.
 */
export const OPENAI: Dialect = {
  speaks: (path) => /^\/v1(\/|$)/.test(path) && !NATIVE.test(path),
  refuse(c, error) {
    const code = codeOf(error);
    const body = openAiError(error, c.get("requestId"));
    return c.json(body, statusWithout422(code), problemHeaders(code));
  },
};
