/**
 * Errors in the shape that clients of llama.cpp's server read. Source: `README.md` of
 * llama.cpp's `tools/server`, "API errors".
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

/** What llama.cpp calls an error of a status. */
const LLAMA_ERROR_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  405: "not_supported_error",
  429: "unavailable_error",
  500: "server_error",
  503: "unavailable_error",
};

/** An error as llama.cpp says it. */
export const LlamaError = z.object({
  error: z.object({ code: z.int(), message: z.string(), type: z.string() }),
  code: z.string().describe("Error code of this server"),
}).openapi("LlamaError");
/** An error as llama.cpp says it. */
export type LlamaError = z.infer<typeof LlamaError>;

/** The responses of a route of llama.cpp's for these statuses. */
export function llamaErrors(
  ...statuses: ProblemStatus[]
): RouteConfig["responses"] {
  return jsonErrors(LlamaError, ...statuses);
}

/** Describes `error`: in full if it is ours, not at all if not. */
export function llamaError(error: unknown, requestId: string): LlamaError {
  const { title, detail } = problem(error, requestId);
  const code = codeOf(error);
  const status = statusWithout422(code);
  return {
    error: {
      code: status,
      message: detail ?? title,
      type: LLAMA_ERROR_TYPES[status] ?? "invalid_request_error",
    },
    code,
  };
}

/** Paths of llama.cpp's, which are at the root; and those below them. */
export const LLAMA_PATHS = [
  "/completion",
  "/tokenize",
  "/detokenize",
  "/props",
  "/slots",
  "/infill",
] as const;

/** llama.cpp's language, which knows no 422. */
export const LLAMA: Dialect = {
  speaks: (path) =>
    LLAMA_PATHS.some((root) => path === root || path.startsWith(`${root}/`)),
  refuse(c, error) {
    const code = codeOf(error);
    const body = llamaError(error, c.get("requestId"));
    return c.json(body, statusWithout422(code), problemHeaders(code));
  },
};
