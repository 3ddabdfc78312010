/**
 * Errors in the shape that Ollama's clients read. Source: `docs/api.md` of Ollama,
 * and `ErrorResponse` of its npm package.
 *
 * @module
 */

import { type RouteConfig, z } from "@hono/zod-openapi";
import type { Dialect } from "../dialect.ts";
import {
  codeOf,
  problem,
  problemHeaders,
  statusWithout422,
} from "../problem.ts";
import { jsonErrors, type ProblemStatus } from "../site/openapi_document.ts";

/** An error as Ollama says it. */
export const OllamaError = z.object({
  error: z.string(),
  code: z.string().describe("Error code of this server"),
}).openapi("OllamaError");
/** An error as Ollama says it. */
export type OllamaError = z.infer<typeof OllamaError>;

/** The responses of a route of Ollama's for these statuses. */
export function ollamaErrors(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return jsonErrors(OllamaError, ...statuses);
}

/** Describes `error`: in full if it is ours, not at all if not. */
export function ollamaError(error: unknown, requestId: string): OllamaError {
  const { title, detail } = problem(error, requestId);
  return { error: detail ?? title, code: codeOf(error) };
}

/** Ollama's language: all under `/api` but KoboldCpp's. It knows no 422. */
export const OLLAMA: Dialect = {
  speaks: (path) => /^\/api(\/|$)/.test(path),
  refuse(c, error) {
    const code = codeOf(error);
    const body = ollamaError(error, c.get("requestId"));
    return c.json(body, statusWithout422(code), problemHeaders(code));
  },
};
