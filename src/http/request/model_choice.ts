/**
 * Which model a request is for: the one that it names, else the one that made its
 * state, else the server's first.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { renewingVault } from "../access/token_renewal.ts";
import type { AppEnv, Loader } from "../services.ts";
import { instrument } from "../access/recorded_vault.ts";
import { ownedVault, ownerSecrets } from "../access/owner_secret_headers.ts";
import { RequestTurns } from "../turns/request_turns.ts";

/** What of any request says which model is meant. */
const Hints = z.object({
  model: z.string().optional(),
  state: z.string().nullish(),
  a: z.string().optional(),
  states: z.array(z.object({ state: z.string() })).optional(),
}).catch({});

/**
 * Lends requests their models, and takes them back: from requests that are answered,
 * and at the end of answers that still use them (`answer/answer_body.ts`).
 */
export function lendModels(loader: Loader): MiddlewareHandler<AppEnv> {
  return async function lendModels(c, next): Promise<void> {
    c.set("loader", loader);
    try {
      await next();
    } finally {
      c.get("release")?.();
    }
  };
}

/**
 * Loads the model that a request is for, and keeps it loaded until the answer has
 * ended.
 *
 * @param request The body, which fits its schema.
 * @param token The state that came beside it, or that one of its ids holds.
 * @throws {ModelError} If the model cannot be had.
 */
export async function chooseModel(
  c: Context<AppEnv>,
  request: unknown,
  token?: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { model, state, a, states } = Hints.parse(request);
  const known = token ?? state ?? a ?? states?.[0]?.state;
  await takeModel(c, model ?? await ownerOf(c, known));
}

/** Loads a model for a request; the first where none is named. */
export async function takeModel(
  c: Context<AppEnv>,
  id: string | undefined,
): Promise<void> {
  const { services, release } = await c.get("loader").borrow(id);
  const record = c.get("record");
  const owned = ownedVault(services.vault, ownerSecrets(c));
  const vault = instrument(renewingVault(owned), record);
  c.set("services", { ...services, vault });
  c.set("turns", new RequestTurns(services, c.get("caller"), record));
  c.set("release", release);
}

async function ownerOf(
  c: Context<AppEnv>,
  token: string | Uint8Array<ArrayBuffer> | undefined,
): Promise<string | undefined> {
  if (token === undefined) return undefined;
  const owner = await c.get("loader").ownerOf?.(token, {
    tenant: c.get("tenant"),
    secret: ownerSecrets(c).opens,
  });
  c.set("unwrapped", owner?.unwrapped);
  return owner?.id;
}
