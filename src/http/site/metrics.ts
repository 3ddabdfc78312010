/**
 * `GET /metrics`, for Prometheus.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { RequestError } from "../../errors.ts";
import { document, problems } from "./openapi_document.ts";
import type { AppEnv } from "../services.ts";

/** Who may read the figures: everybody, any key, or one key by name. */
export type MetricsAccess = "open" | "keys" | `key:${string}`;

/** Figures, and who may read them. */
export interface MetricsOptions {
  /** The media type. */
  readonly type: string;
  /** All figures. */
  text(): Promise<string>;
  /** Who may read them. */
  readonly access: MetricsAccess;
}

const metricsOperation = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Prometheus metrics",
  responses: {
    200: {
      description: "Metrics in the Prometheus text format",
      content: { "text/plain": { schema: z.string() } },
    },
    ...problems(401, 403),
  },
});

/**
 * Answers `GET /metrics`.
 *
 * @param options What to answer, and to whom.
 * @param authenticate Finds out whose key it is; throws for an unknown one.
 */
export function metricsRoute(
  options: MetricsOptions,
  authenticate: MiddlewareHandler<AppEnv>,
): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, metricsOperation);
  const { access } = options;
  if (access !== "open") app.use(metricsOperation.path, authenticate);
  app.get(metricsOperation.path, async (c) => {
    const name = access.startsWith("key:") ? access.slice("key:".length) : "";
    if (name !== "" && c.get("tenant") !== name) {
      throw new RequestError(
        "ERR_REQUEST_FORBIDDEN",
        "Cannot show the metrics: this API key is not allowed to read them",
      );
    }
    c.header("content-type", options.type);
    c.header("cache-control", "no-store");
    return c.body(await options.text());
  });
  return app;
}
