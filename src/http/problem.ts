/**
 * Errors as clients see them: RFC 9457 problems.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, GoslingError, RequestError } from "../errors.ts";
import type { AppEnv } from "./services.ts";

/** Codes of errors thrown on purpose, and one for all others. */
export type ProblemCode = ErrorCode | "ERR_INTERNAL";

/** A status and a title for every code. The compiler rejects a missing one. */
export const PROBLEMS = {
  ERR_CONFIG_INVALID: [500, "The server is misconfigured"],
  ERR_DEVICE_FAILED: [500, "The device failed"],
  ERR_DEVICE_LOST: [503, "The device was lost"],
  ERR_DEVICE_UNAVAILABLE: [503, "The device is unavailable"],
  ERR_INTERNAL: [500, "Internal server error"],
  ERR_MODEL_BUSY: [503, "There is no memory for the model now"],
  ERR_MODEL_CHECKSUM: [500, "The model file does not match its checksum"],
  ERR_MODEL_CORRUPT: [500, "The model file is damaged"],
  ERR_MODEL_DISK: [500, "The model cannot be written to disk"],
  ERR_MODEL_NETWORK: [500, "The model cannot be downloaded"],
  ERR_MODEL_NOT_FOUND: [404, "Model not found"],
  ERR_MODEL_OFFLINE: [
    500,
    "The model is not on this machine, and downloads are disabled",
  ],
  ERR_MODEL_TOO_LARGE: [422, "The model is too large for this server"],
  ERR_MODEL_UNSUPPORTED: [500, "The model file has an unsupported format"],
  ERR_RATE_LIMITED: [429, "Rate limit exceeded"],
  ERR_REQUEST_FORBIDDEN: [403, "The API key does not allow this"],
  ERR_REQUEST_INVALID: [422, "The request does not fit the schema"],
  ERR_REQUEST_MALFORMED: [400, "The request is malformed"],
  ERR_REQUEST_MEDIA_TYPE: [415, "Unsupported media type"],
  ERR_REQUEST_METHOD: [405, "Method not allowed"],
  ERR_REQUEST_NOT_FOUND: [404, "Resource not found"],
  ERR_REQUEST_ORIGIN: [403, "The request comes from another site"],
  ERR_REQUEST_TIMEOUT: [408, "The request body timed out"],
  ERR_REQUEST_TOO_LARGE: [413, "The request is too large"],
  ERR_REQUEST_UNAUTHORIZED: [401, "The API key is missing or unknown"],
  ERR_SHUTTING_DOWN: [503, "The server is shutting down"],
  ERR_STATE_EXPIRED: [403, "The state has expired"],
  ERR_STATE_MISMATCH: [409, "The state belongs to another model"],
  ERR_STATE_NOT_FOUND: [404, "Initial state not found"],
  ERR_STATE_OVERFLOW: [422, "The state makes the model overflow"],
  ERR_STATE_PROFILE: [403, "This server does not allow such a state"],
  ERR_STATE_REJECTED: [403, "The state was rejected"],
  ERR_STATE_TRANSCRIPT: [422, "The state's transcript does not allow this"],
  ERR_STATE_UNREADABLE: [400, "The state has an unknown format"],
  ERR_TIME_LIMIT: [503, "The time limit was exceeded"],
  ERR_TOO_BUSY: [429, "The server is at capacity"],
  ERR_VOCABULARY_CORRUPT: [500, "The model vocabulary is damaged"],
} satisfies Record<ProblemCode, readonly [ContentfulStatusCode, string]>;

const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** Seconds after which trying again may help, by code. */
const RETRY_AFTER = new Map<ProblemCode, string>([
  ["ERR_DEVICE_LOST", "5"],
  ["ERR_DEVICE_UNAVAILABLE", "30"],
  ["ERR_MODEL_BUSY", "5"],
  ["ERR_SHUTTING_DOWN", "1"],
  ["ERR_TOO_BUSY", "1"],
]);

/** The media type of RFC 9457. */
export const PROBLEM_TYPE = "application/problem+json";

/** A problem document. */
export const Problem = z.object({
  type: z.string().describe("`/problems/` followed by the code"),
  title: z.string().describe("Summary of the problem type"),
  status: z.int().describe("The HTTP status"),
  detail: z.string().optional().describe("Explanation of this occurrence"),
  code: z.enum(PROBLEM_CODES).describe("Stable error code"),
  instance: z.string().describe("`urn:uuid:` followed by the request id"),
  errors: z.array(z.object({
    pointer: z.string().describe("RFC 6901 pointer into the request body"),
    detail: z.string().describe("What is wrong at this location"),
  })).optional().describe("Locations that do not fit the schema"),
}).openapi("Problem");
/** A problem document. */
export type Problem = z.infer<typeof Problem>;

/** A request that does not fit its schema, with every place where. */
export class SchemaError extends RequestError {
  readonly errors: NonNullable<Problem["errors"]>;

  constructor(message: string, errors: NonNullable<Problem["errors"]>) {
    super("ERR_REQUEST_INVALID", message);
    this.errors = errors;
  }
}

/** Describes `error` to a client: in full if it is ours, not at all if not. */
export function problem(error: unknown, requestId: string): Problem {
  const code = codeOf(error);
  const [status, title] = PROBLEMS[code];
  return {
    type: `/problems/${code}`,
    title,
    status,
    ...(error instanceof GoslingError &&
      { detail: isOperators(code) ? REASON_IN_LOG : error.message }),
    code,
    instance: `urn:uuid:${requestId}`,
    ...(error instanceof SchemaError && { errors: error.errors }),
  };
}

/** What clients hear of troubles whose words name files of the server's. */
const REASON_IN_LOG =
  "Cannot load the model: the server's log has the reason, under this request's id";

/** Whether a code is of the server's own files and settings. */
function isOperators(code: ProblemCode): boolean {
  return PROBLEMS[code][0] === 500 &&
    /^ERR_(CONFIG|MODEL|VOCABULARY)_/.test(code);
}

/** The code under which clients hear of `error`. */
export function codeOf(error: unknown): ProblemCode {
  if (error instanceof GoslingError) return (error as GoslingError).code;
  if (error instanceof HTTPException && error.status < 500) {
    return "ERR_REQUEST_MALFORMED";
  }
  // The request's own signal: its client has gone, and hears of it no more.
  if (error instanceof DOMException && error.name === "AbortError") {
    return "ERR_REQUEST_MALFORMED";
  }
  return "ERR_INTERNAL";
}

/** A code's status in dialects that know no 422: what does not fit is a 400. */
export function statusWithout422(code: ProblemCode): ContentfulStatusCode {
  const [status] = PROBLEMS[code];
  return status === 422 ? 400 : status;
}

/** The headers that go with a code, besides the media type. */
export function problemHeaders(code: ProblemCode): Record<string, string> {
  const retryAfter = RETRY_AFTER.get(code);
  return {
    ...(retryAfter !== undefined && { "retry-after": retryAfter }),
    ...(code === "ERR_REQUEST_UNAUTHORIZED" &&
      { "www-authenticate": "Bearer" }),
  };
}

/** Answers with a problem. */
export function problemResponse(c: Context<AppEnv>, error: unknown): Response {
  const body = problem(error, c.get("requestId"));
  const [status] = PROBLEMS[codeOf(error)];
  return c.body(JSON.stringify(body), status, {
    "content-type": PROBLEM_TYPE,
    ...problemHeaders(codeOf(error)),
  });
}

/** `GET /problems/{code}`: what a problem's `type` points to. */
export function describeProblem(code: string): Problem | undefined {
  const found = PROBLEM_CODES.find((name) => name === code);
  if (found === undefined) return undefined;
  const [status, title] = PROBLEMS[found];
  return {
    type: `/problems/${code}`,
    title,
    status,
    code: found,
    instance: `/problems/${code}`,
  };
}
