/**
 * `GET /healthz`: the process lives. `GET /readyz`: a model has been loaded, and
 * not every device is gone. Neither asks for a key or waits for anything.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Engine } from "../../engine/engine.ts";
import { ClosingError, DeviceError, type GoslingError } from "../../errors.ts";
import { document, problems } from "./openapi_document.ts";
import type { AppEnv, Loader } from "../services.ts";

const HealthStatus = z.object({ status: z.literal("ok") }).openapi("Status");

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Liveness",
  responses: {
    200: {
      description: "The process is alive",
      content: { "application/json": { schema: HealthStatus } },
    },
  },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Readiness",
  responses: {
    200: {
      description: "At least one model accepts requests",
      content: { "application/json": { schema: HealthStatus } },
    },
    ...problems(503),
  },
});

/** Answers the routes that orchestrators ask. */
export function healthRoutes(loader: Loader): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, healthz);
  document(app, readyz);
  // Some clients and proxies know it by the shorter name.
  app.on("GET", [healthz.path, "/health"], (c) => c.json({ status: "ok" }));
  app.get(readyz.path, (c) => {
    if (!loader.started) {
      throw new DeviceError(
        "ERR_DEVICE_UNAVAILABLE",
        "Cannot take requests: the model is not loaded yet",
      );
    }
    const engines = loader.models.flatMap(({ services }) =>
      services === undefined ? [] : [services.engine]
    );
    // None: the last was unloaded, and the next request loads one.
    if (engines.length > 0 && !engines.some(({ ready }) => ready)) {
      throw unreadyReason(engines);
    }
    return c.json({ status: "ok" });
  });
  return app;
}

/** Why none of them takes requests. */
function unreadyReason(engines: readonly Engine[]): GoslingError {
  if (engines.some(({ absence }) => absence?.reason === "closing")) {
    return new ClosingError(
      "ERR_SHUTTING_DOWN",
      "Cannot take requests: the server is shutting down",
    );
  }
  const losses = engines.map(({ model, absence }) => {
    if (absence?.reason !== "lost") return model.id;
    const seconds = Math.round((performance.now() - absence.since) / 1000);
    return `${model.id} for ${seconds} s (${absence.attempts} attempts failed)`;
  });
  return new DeviceError(
    "ERR_DEVICE_LOST",
    `Cannot take requests: the device is being replaced: ${losses.join(", ")}`,
  );
}
