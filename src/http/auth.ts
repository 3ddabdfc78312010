/**
 * Bearer keys (RFC 6750). The server knows only their SHA-256; a key's name is
 * the tenant that its states are bound to.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { RequestError } from "../errors.ts";
import type { AppEnv } from "./services.ts";

/** One key that may call. */
export interface ApiKey {
  /** The tenant. */
  readonly name: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly digest: string;
}

/** Lets requests with one of `keys` pass; any request if there are none. */
export function requireKey(
  keys: readonly ApiKey[],
): MiddlewareHandler<AppEnv> {
  return async function requireKey(c, next): Promise<void> {
    const [, token] =
      /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    c.set("tenant", keys.length === 0 ? "" : await tenantOf(token, keys));
    await next();
  };
}

async function tenantOf(
  token: string | undefined,
  keys: readonly ApiKey[],
): Promise<string> {
  if (token === undefined) throw unauthorized("there is no bearer token");
  const bytes = new TextEncoder().encode(token);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const digest = hash.toHex();
  let name: string | undefined;
  for (const key of keys) {
    if (await timingSafeEqual(key.digest, digest)) name = key.name;
  }
  if (name === undefined) throw unauthorized("the key is not known here");
  return name;
}

function unauthorized(found: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_UNAUTHORIZED",
    `Cannot let the request in: ${found}`,
  );
}
