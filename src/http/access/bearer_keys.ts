/**
 * Bearer keys (RFC 6750), or the same key in the header `x-api-key`, where clients of
 * Anthropic's API and of llama.cpp have it. The server knows only their SHA-256; a key's name is
 * the tenant that its states are bound to.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { MiddlewareHandler } from "hono";
import { RequestError } from "../../errors.ts";
import type { AppEnv } from "../services.ts";
import type { Rate } from "./token_bucket.ts";

/** One key that may call. */
export interface ApiKey {
  /** The tenant. */
  readonly name: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly digest: string;
  /** How much it allows a minute; the server's rate by default. */
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
    const [, bearer] =
      /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    const token = bearer ?? c.req.header("x-api-key");
    const key = keys.length === 0 ? undefined : findBearerKey(token, keys);
    c.set("tenant", key?.name ?? "");
    c.set("rate", key?.rate);
    await next();
  };
}

/**
 * Finds a key without waiting for another thread, as WebCrypto would: on a machine
 * with all its cores at work, that is most of what a refusal takes.
 */
function findBearerKey(
  token: string | undefined,
  keys: readonly ApiKey[],
): ApiKey {
  if (token === undefined) throw unauthorized("the bearer token is missing");
  const digest = sha256(new TextEncoder().encode(token)).toHex();
  let found: ApiKey | undefined;
  for (const key of keys) {
    if (equal(key.digest, digest)) found = key;
  }
  if (found === undefined) throw unauthorized("the API key is unknown");
  return found;
}

/** Compares two digests in a time that does not depend on where they differ. */
function equal(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) {
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  }
  return difference === 0;
}

function unauthorized(found: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_UNAUTHORIZED",
    `Cannot authorize request: ${found}`,
  );
}
