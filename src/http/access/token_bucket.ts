/**
 * A token bucket: so much a minute, and at most a minute's worth at once.
 *
 * It may be left in debt: what a turn costs is known only at its end, and whoever
 * took too much waits until it is repaid.
 *
 * @module
 */

/** Milliseconds in which an empty bucket fills. */
const MINUTE_MS = 60_000;

/** How much a minute; what is absent is not bounded. */
export interface Rate {
  /** Requests under `/v1`. */
  readonly requests?: number;
  /** Tokens read and written; those of a state sent along are not read again. */
  readonly tokens?: number;
}

/** How much is left, and for how long. */
export interface BucketLevel {
  /** The bucket's size: how much may be taken a minute. */
  readonly limit: number;
  /** Whole units that can be taken now, never negative. */
  readonly remaining: number;
  /** Whole seconds until the bucket is full again. */
  readonly reset: number;
  /** Whole seconds until one unit can be taken; 0 if one can be taken now. */
  readonly wait: number;
}

/** What may be taken of one thing. */
export class TokenBucket {
  readonly #now: () => number;
  #rateLimit: number;
  #bucketLevel: number;
  #refilledAt: number;

  /**
   * Begins full.
   *
   * @param limit How much a minute.
   * @param now A clock in milliseconds that never goes back.
   */
  constructor(limit: number, now: () => number) {
    this.#now = now;
    this.#rateLimit = limit;
    this.#bucketLevel = limit;
    this.#refilledAt = now();
  }

  /** Changes how much may be taken a minute, from now on. */
  resize(limit: number): void {
    this.#fill();
    this.#bucketLevel = Math.min(this.#bucketLevel, limit);
    this.#rateLimit = limit;
  }

  /** Takes `amount`, into debt if need be. */
  take(amount: number): void {
    this.#fill();
    this.#bucketLevel -= amount;
  }

  /** How things stand. */
  get level(): BucketLevel {
    this.#fill();
    const seconds = (missing: number) =>
      Math.max(0, Math.ceil(missing * MINUTE_MS / this.#rateLimit / 1000));
    return {
      limit: this.#rateLimit,
      remaining: Math.max(0, Math.floor(this.#bucketLevel)),
      reset: seconds(this.#rateLimit - this.#bucketLevel),
      wait: seconds(1 - this.#bucketLevel),
    };
  }

  #fill(): void {
    const now = this.#now();
    const gained = this.#rateLimit * (now - this.#refilledAt) / MINUTE_MS;
    this.#bucketLevel = Math.min(this.#rateLimit, this.#bucketLevel + gained);
    this.#refilledAt = now;
  }
}
