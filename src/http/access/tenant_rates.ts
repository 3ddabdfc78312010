/**
 * What one tenant may ask of this process: requests a minute and tokens a minute.
 *
 * Nothing is shared between replicas, so each bound holds in each of them.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { RateError } from "../../errors.ts";
import type { AppEnv } from "../services.ts";
import { type BucketLevel, type Rate, TokenBucket } from "./token_bucket.ts";

/** What is left to one tenant. */
export class Account {
  readonly #now: () => number;
  readonly #buckets = new Map<keyof Rate, TokenBucket>();

  /** Has no bounds until {@linkcode allow}. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Sets the bounds, from now on. */
  allow(rate: Rate): void {
    for (const kind of ["requests", "tokens"] as const) {
      const limit = rate[kind];
      const bucket = this.#buckets.get(kind);
      if (limit === undefined) this.#buckets.delete(kind);
      else if (bucket !== undefined) bucket.resize(limit);
      else this.#buckets.set(kind, new TokenBucket(limit, this.#now));
    }
  }

  /** Takes what was used, into debt if need be. */
  spend(kind: keyof Rate, amount: number): void {
    this.#buckets.get(kind)?.take(amount);
  }

  /** What is used up, and for how long; the longest wait if it is both. */
  get shortest(): readonly [keyof Rate, BucketLevel] | undefined {
    return this.#levels.filter(([, { wait }]) => wait > 0)
      .toSorted(([, a], [, b]) => b.wait - a.wait)[0];
  }

  /** How things stand, as header fields; none if nothing is bounded. */
  get headers(): readonly (readonly [name: string, value: string])[] {
    const levels = this.#levels;
    if (levels.length === 0) return [];
    const policy = levels.map(([kind, { limit }]) =>
      `"${kind}";q=${limit};w=60`
    );
    const left = levels.map(([kind, { remaining, reset }]) =>
      `"${kind}";r=${remaining};t=${reset}`
    );
    return [["ratelimit-policy", policy.join(", ")], [
      "ratelimit",
      left.join(", "),
    ]];
  }

  get #levels(): readonly (readonly [keyof Rate, BucketLevel])[] {
    return [...this.#buckets].map(([kind, bucket]) => [kind, bucket.level]);
  }
}

/** What each caller may take. */
export interface TurnLimits {
  /** The rate of a caller whose key names none; by default, any. */
  readonly rate?: Rate;
  /** Seconds that a turn may take; unlimited by default. */
  readonly timeout?: number;
}

/**
 * Refuses who has used up a minute's worth, tells everybody else what is left to
 * them, and bounds their turns.
 *
 * The header fields are those of the IETF's draft "RateLimit header fields for
 * HTTP", one policy for requests and one for tokens.
 *
 * @param now A clock in milliseconds that never goes back.
 */
export function limitCaller(
  { rate = {}, timeout }: TurnLimits,
  now: () => number = () => performance.now(),
): MiddlewareHandler<AppEnv> {
  const accounts = new Map<string, Account>();
  return async function limitCaller(c, next): Promise<void> {
    const tenant = c.get("tenant");
    const account = accounts.get(tenant) ?? new Account(now);
    accounts.set(tenant, account);
    account.allow(c.get("rate") ?? rate);
    const short = account.shortest;
    if (short === undefined) account.spend("requests", 1);
    for (const [name, value] of account.headers) c.header(name, value);
    if (short !== undefined) {
      const [kind, { limit, wait }] = short;
      c.header("retry-after", String(wait));
      throw new RateError(
        "ERR_RATE_LIMITED",
        `Cannot take request: the limit of ${limit} ${kind} a minute is reached; ` +
          `try again in ${wait} s`,
      );
    }
    c.set("caller", {
      tenant,
      timeout,
      spend: (tokens) => account.spend("tokens", tokens),
    });
    await next();
  };
}
