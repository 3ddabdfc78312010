/**
 * Seals bytes for a tenant, and opens them again.
 *
 * What it makes is a JWE (RFC 7516), `dir` with `A256GCM`, written over WebCrypto:
 * a general library keeps plaintext, ciphertext and its base64url at once, 3.4
 * times what is sealed as text and 4.4 times as bytes, where this keeps 2.3 and
 * 2.2 (resident memory at its peak, 64 MiB; 1060 and 1880 ms become 150). Any JWE library opens it. Its
 * header, authenticated but legible, has `kid`, `typ`, `ver` (of the save format),
 * `aud`, `iat`, `orig_iat` (of the first token of which it is a renewal), `renewals`
 * (how many lie between), `renewable` (false: what is made of it ends with it),
 * `exp`, `own` (what its owner calls a secret of theirs) and `salt`. The content key
 * is
 *
 * ```text
 * HKDF-SHA-256(master key, salt, JSON of ["gosling state", audience, tenant])
 * ```
 *
 * and with an owner's secret
 *
 * ```text
 * HKDF-SHA-256(master key, salt ‖ secret, JSON of ["gosling owned state", …])
 * ```
 *
 * HKDF's first step is HMAC with the salt as its key and the master key as its
 * message: whoever has the one without the other has a random function's output to
 * guess, 256 bits of it.
 *
 * with 32 random bytes of salt for every token. So a tenant is bound without being
 * named, a token of another audience or tenant fails like any forgery, and no key
 * ever seals twice: the limit of 2^32 seals under one AES-GCM key with random
 * vectors (NIST SP 800-38D, 8.3) is never near, nothing has to be counted across
 * replicas, and two tokens meet in a salt only after about 2^128 of them.
 *
 * Why a token is rejected is never said: a wrong key, a changed bit, another
 * audience and another tenant are one message. That it has expired is said only
 * after it proved authentic.
 *
 * @module
 */

import { StateError } from "../errors.ts";
import { fromBase64url, toBase64url } from "../text/base64url.ts";
import type { SealedParts } from "./token_envelope.ts";
import type { StateKey } from "./state_keys.ts";
import type { OwnerSecret } from "./owner_secret.ts";

/** What a keyring is for. */
export interface KeyringOptions {
  /**
   * The first seals, all open. They are looked up at every use, so the list may
   * change at any time; it is never empty.
   */
  readonly keys: readonly StateKey[];
  /** The service: its tokens open nowhere else, even under the same key. */
  readonly audience: string;
  /** Seconds for which a token can be opened; unlimited by default. */
  readonly ttl?: number;
  /**
   * Seconds after its first token for which a conversation can be gone on with,
   * however often its token is renewed; unlimited by default.
   */
  readonly maxAge?: number;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** What a sealed token says of itself. */
export interface SealNote {
  /** The key that sealed it. */
  readonly kid?: string;
  /** When it was sealed, seconds since 1970. */
  readonly issuedAt?: number;
  /** When the first token was sealed of which this one is a renewal. */
  readonly firstIssuedAt?: number;
  /** How many renewals lie between. */
  readonly renewals?: number;
  /** When it stops to open, seconds since 1970. */
  readonly expiresAt?: number;
  /** False: no token made of it outlives it. */
  readonly renewable?: false;
  /** What its owner calls the secret that it needs. */
  readonly owner?: string;
}

/** What a token made of others owes to them. */
export interface Lineage {
  /** When the first of them was sealed, seconds since 1970; omitted for the first. */
  readonly firstIssuedAt?: number | undefined;
  /** How many renewals lie between; omitted for the first. */
  readonly renewals?: number | undefined;
  /** When it has to end, seconds since 1970, for one of them cannot be renewed. */
  readonly notAfter?: number | undefined;
}

/** Whose a token is. */
export interface TokenOwner {
  /** The tenant; empty where there is one alone. */
  readonly tenant: string;
  /** A secret of the owner's. */
  readonly secret?: OwnerSecret | undefined;
}

/** How a token is sealed. */
export interface SealTerms extends TokenOwner {
  /** Version of the save format. */
  readonly version: number;
  /** What it was made of. */
  readonly lineage?: Lineage | undefined;
  /** Whether what is made of it may outlive it; it may by default. */
  readonly renewable?: boolean | undefined;
}

const SALT_BYTES = 32;
const IV_BYTES = 12;

/** What a header says, once it has proved authentic. */
type Header = Readonly<Record<string, unknown>>;

/** Keys that seal and open; they cannot be read out. */
export class Keyring {
  readonly #options: KeyringOptions;
  readonly #masters = new WeakMap<StateKey, Promise<CryptoKey>>();

  private constructor(options: KeyringOptions) {
    this.#options = options;
  }

  /** Makes a keyring of one key or more. */
  static async create(options: KeyringOptions): Promise<Keyring> {
    if (options.keys.length === 0) {
      throw new RangeError("Cannot create keyring: there is no key");
    }
    const keyring = new Keyring(options);
    await Promise.all(options.keys.map((key) => keyring.#master(key)));
    return keyring;
  }

  /**
   * Seals `plain`.
   *
   * @param plain Taken: its buffer is given back to the system as soon as it has
   * been read, so that no more than two copies are ever held.
   * @throws {StateError} `ERR_STATE_PROFILE` if it shall not be renewed and would
   * never end.
   */
  async seal(
    plain: Uint8Array<ArrayBuffer>,
    { version, lineage = {}, renewable = true, ...owner }: SealTerms,
  ): Promise<SealedParts> {
    const { keys: [first], audience, ttl, maxAge } = this.#options;
    const { firstIssuedAt = Infinity, renewals, notAfter = Infinity } = lineage;
    const iat = this.#now();
    const origin = Math.min(iat, firstIssuedAt);
    const exp = Math.min(
      iat + (ttl ?? Infinity),
      origin + (maxAge ?? Infinity),
      notAfter,
    );
    const final = !renewable || notAfter < Infinity;
    if (final && exp === Infinity) throw endless();
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const fields = {
      alg: "dir",
      enc: "A256GCM",
      typ: "gosling-state",
      kid: first.kid,
      ver: version,
      aud: audience,
      iat,
      ...origin < iat && { orig_iat: origin },
      ...renewals && { renewals },
      ...exp < Infinity && { exp },
      ...final && { renewable: false },
      ...owner.secret && { own: owner.secret.label },
      salt: toBase64url(salt),
    };
    const header = toBase64url(
      new TextEncoder().encode(JSON.stringify(fields)),
    );
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const key = await this.#contentKey(first, fields.salt, owner);
    // WebCrypto takes its own copy before it returns a promise.
    const sealed = crypto.subtle.encrypt(parameters(header, iv), key, plain);
    plain.buffer.transfer(0);
    return {
      header,
      iv,
      sealed: new Uint8Array(await sealed),
      canonical: true,
    };
  }

  /**
   * Opens what {@linkcode seal} made.
   *
   * @param parts Their ciphertext is taken, as `plain` is above.
   * @throws {StateError} `ERR_STATE_REJECTED`, and never why; `ERR_STATE_EXPIRED`
   * if it is authentic and its time is over.
   */
  async open(
    parts: SealedParts,
    owner: TokenOwner,
  ): Promise<SealNote & { readonly plain: Uint8Array<ArrayBuffer> }> {
    const { plain, header } = await this.#decrypt(
      parts,
      owner,
    ).catch((cause: unknown) => {
      throw new StateError(
        "ERR_STATE_REJECTED",
        "Cannot open state: it was not sealed here for this caller, or was changed since",
        { cause },
      );
    });
    const { kid, iat, exp, orig_iat: origin = iat } = header;
    const { renewals, renewable, own } = header;
    this.#expectYoung(iat, origin);
    if (typeof exp === "number" && this.#now() >= exp + leeway(iat, exp)) {
      throw new StateError(
        "ERR_STATE_EXPIRED",
        `Cannot open state: it expired ${new Date(exp * 1000).toISOString()}`,
      );
    }
    return {
      plain,
      ...typeof kid === "string" && { kid },
      ...typeof iat === "number" && { issuedAt: iat },
      ...typeof origin === "number" && { firstIssuedAt: origin },
      ...typeof renewals === "number" && { renewals },
      ...typeof exp === "number" && { expiresAt: exp },
      ...renewable === false && { renewable },
      ...typeof own === "string" && { owner: own },
    };
  }

  /** Refuses what is authentic, but a renewal of something too old. */
  #expectYoung(iat: unknown, origin: unknown): void {
    const { maxAge } = this.#options;
    if (maxAge === undefined || typeof origin !== "number") return;
    const exp = origin + maxAge;
    if (this.#now() < exp + leeway(Math.min(origin, Number(iat)), exp)) return;
    throw new StateError(
      "ERR_STATE_EXPIRED",
      `Cannot open state: it goes back to ${
        new Date(origin * 1000).toISOString()
      }, and may be renewed for ${maxAge} s`,
    );
  }

  async #decrypt(
    { header, iv, sealed, canonical }: SealedParts,
    { tenant, secret }: TokenOwner,
  ): Promise<{ plain: Uint8Array<ArrayBuffer>; header: Header }> {
    if (!canonical) throw new Error("Spare bits");
    const fields = readHeader(header);
    const { kid, salt, own } = fields;
    const named = this.#options.keys.find((key) => key.kid === kid);
    if (named === undefined || typeof salt !== "string") {
      throw new Error("No such key");
    }
    const owned = own !== undefined;
    if (owned && secret === undefined) throw new Error("No secret");
    const key = await this.#contentKey(named, salt, {
      tenant,
      ...owned && { secret },
    });
    const plain = crypto.subtle.decrypt(parameters(header, iv), key, sealed);
    sealed.buffer.transfer(0);
    return { plain: new Uint8Array(await plain), header: fields };
  }

  /** The key of one token. */
  async #contentKey(
    key: StateKey,
    salt: string,
    { tenant, secret }: TokenOwner,
  ): Promise<CryptoKey> {
    const master = await this.#master(key);
    const use = secret === undefined ? "gosling state" : "gosling owned state";
    const info = [use, this.#options.audience, tenant];
    return await crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: joined(fromBase64url(salt), secret?.bytes),
        info: new TextEncoder().encode(JSON.stringify(info)),
      },
      master,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  }

  /** A key as WebCrypto has it, which cannot be read out. */
  #master(key: StateKey): Promise<CryptoKey> {
    let master = this.#masters.get(key);
    if (master === undefined) {
      const usages: KeyUsage[] = ["deriveKey"];
      const { secret } = key;
      master = crypto.subtle.importKey("raw", secret, "HKDF", false, usages);
      this.#masters.set(key, master);
    }
    return master;
  }

  /** Seconds since 1970. */
  #now(): number {
    return Math.floor((this.#options.now?.() ?? Date.now()) / 1000);
  }
}

function joined(
  salt: Uint8Array,
  secret: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(salt.length + secret.length);
  bytes.set(salt);
  bytes.set(secret, salt.length);
  return bytes;
}

function endless(): StateError {
  return new StateError(
    "ERR_STATE_PROFILE",
    "Cannot return a state that is not renewable: states of this server never " +
      "expire. The operator sets an end with --state-ttl",
  );
}

/**
 * Seconds by which the clocks of servers may differ: a token of a server that is
 * behind shall not be over early. At most a tenth of its time, so that short times
 * stay short.
 */
function leeway(iat: unknown, exp: number): number {
  return typeof iat === "number" ? Math.min(60, (exp - iat) / 10) : 0;
}

/** How a token's content is sealed; the header is authenticated as it stands. */
function parameters(
  header: string,
  iv: Uint8Array<ArrayBuffer>,
): AesGcmParams {
  const additionalData = new TextEncoder().encode(header);
  return { name: "AES-GCM", iv, additionalData };
}

/** The fields of a header, of which none is known to be authentic yet. */
function readHeader(header: string): Header {
  const text = new TextDecoder("utf-8", { fatal: true });
  const fields: unknown = JSON.parse(text.decode(fromBase64url(header)));
  if (typeof fields !== "object" || fields === null) {
    throw new Error("No header");
  }
  const { alg, enc, ...rest } = { ...fields } as Header;
  if (alg !== "dir" || enc !== "A256GCM" || "crit" in rest || "zip" in rest) {
    throw new Error("Another algorithm");
  }
  return rest;
}
