/**
 * Models as Anthropic lists them, for clients that name the version of its API.
 * Source: Anthropic's API reference, "Models".
 *
 * @module
 */

import type { Context } from "hono";
import type { AppEnv, ServedModel } from "../services.ts";

/** Whether a request for models is one of Anthropic's clients. */
export function asksAnthropic(c: Context<AppEnv>): boolean {
  return c.req.header("anthropic-version") !== undefined;
}

/** One model. */
export function anthropicModel({ id }: ServedModel): object {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: new Date(performance.timeOrigin).toISOString(),
  };
}

/** All of them, on one page. */
export function anthropicModels(models: readonly ServedModel[]): object {
  return {
    data: models.map(anthropicModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
