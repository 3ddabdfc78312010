/**
 * Models as Anthropic lists them. The paths are OpenAI's: clients of Anthropic's name
 * the version of its API in a header, and all others are passed on. Source:
 * Anthropic's API reference, "Models".
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type AppEnv, modelNamed, type ServedModel } from "../services.ts";

/** Answers `GET /v1/models` and `/v1/models/{id}` for Anthropic's clients. */
export function anthropicModelRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  app.get("/v1/models", async (c, next) => {
    if (!asksAnthropic(c)) return await next();
    return c.json(anthropicModels(c.get("loader").models));
  });
  app.get("/v1/models/:id", async (c, next) => {
    if (!asksAnthropic(c)) return await next();
    const { models } = c.get("loader");
    return c.json(anthropicModel(modelNamed(models, c.req.param("id"))));
  });
  return app;
}

function asksAnthropic(c: Context<AppEnv>): boolean {
  return c.req.header("anthropic-version") !== undefined;
}

function anthropicModel({ id }: ServedModel): object {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: new Date(performance.timeOrigin).toISOString(),
  };
}

/** All of them, on one page. */
function anthropicModels(models: readonly ServedModel[]): object {
  return {
    data: models.map(anthropicModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
