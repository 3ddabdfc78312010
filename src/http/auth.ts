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
import type { Rate } from "./token_bucket.ts";

/** One key that may call. */
export interface ApiKey {
  /** The tenant. */
  readonly name: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly digest: string;
  /** How much it allows a minute; absent: what is usual. */
  readonly rate?: Rate;
}

/**
 * Lets requests with one of `keys` pass; any request if there are none.
 *
 * @param keys Looked through at each request: they may change at any time.
 */
export function requireKey(
  keys: readonly ApiKey[],
): MiddlewareHandler<AppEnv> {
  return async function requireKey(c, next): Promise<void> {
    const [, token] =
      /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    const key = keys.length === 0 ? undefined : await find(token, keys);
    c.set("tenant", key?.name ?? "");
    c.set("rate", key?.rate);
    await next();
  };
}

async function find(
  token: string | undefined,
  keys: readonly ApiKey[],
): Promise<ApiKey> {
  if (token === undefined) throw unauthorized("there is no bearer token");
  const bytes = new TextEncoder().encode(token);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const digest = hash.toHex();
  let found: ApiKey | undefined;
  for (const key of [...keys]) {
    if (await timingSafeEqual(key.digest, digest)) found = key;
  }
  if (found === undefined) throw unauthorized("the key is not known here");
  return found;
}

function unauthorized(found: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_UNAUTHORIZED",
    `Cannot let the request in: ${found}`,
  );
}
