/**
 * Requests that pages of other sites had a browser send. A form needs nobody's leave
 * to be sent, and a name that points to this machine makes its page one of this
 * server's own (DNS rebinding).
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { RequestError } from "../../errors.ts";
import type { AppEnv } from "../services.ts";
import type { ApiKey } from "./bearer_keys.ts";

/** Who may have a browser send requests. */
export interface SiteLimits {
  /** Origins whose pages may call; all by default. */
  readonly origins?: readonly string[];
  /**
   * Names by which a server without keys may be called, besides those of loopback;
   * any by default.
   */
  readonly hosts?: readonly string[];
}

/** Names of this machine itself. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The name in a `Host`, without its port. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

/** Whether a `Host` is a name of this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(hostName(host));
}

/** Routes that orchestrators ask, by whatever address. */
const HEALTH = new Set(["/healthz", "/health", "/readyz"]);

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses what a page of another site has sent.
 *
 * @param keys Where there are any, no page can call without one; looked through at
 * each request.
 */
export function refuseOtherSites(
  { origins = ["*"], hosts }: SiteLimits,
  keys: readonly ApiKey[],
): MiddlewareHandler<AppEnv> {
  return async function refuseOtherSites(c, next): Promise<void> {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (hosts && keys.length === 0 && !HEALTH.has(c.req.path)) {
      const name = hostName(host);
      if (!isLoopbackHost(host) && !hosts.includes(name)) {
        throw noSuchHost(name);
      }
    }
    if (!origins.includes("*") && !SAFE.has(c.req.method)) {
      const origin = c.req.header("origin");
      const foreign = origin === undefined
        // A page that a browser gives no origin of, as one that was opened as a file.
        ? c.req.header("sec-fetch-site") === "cross-site"
        : !origins.includes(origin) && hostOf(origin) !== host;
      if (foreign) throw noSuchOrigin(origin ?? "another site");
    }
    await next();
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function noSuchHost(name: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_ORIGIN",
    `Cannot answer for ${
      JSON.stringify(name.slice(0, 100))
    }: a server without ` +
      "keys answers for this machine's own names; the operator can name others " +
      "with --trusted-hosts, or set keys",
  );
}

function noSuchOrigin(origin: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_ORIGIN",
    `Cannot take request: it comes from a page of ${
      JSON.stringify(origin.slice(0, 100))
    }, which may not call; the operator can allow it with --cors-origins`,
  );
}
