/**
 * Seals bytes for a tenant, and opens them again.
 *
 * What it makes is a JWE, `dir` with `A256GCM`, made and opened by `jose`. Its
 * header, authenticated but legible, has `kid`, `typ`, `ver` (of the save format),
 * `aud`, `iat`, `exp` and `salt`. The content key is
 *
 * ```text
 * HKDF-SHA-256(master key, salt, JSON of ["gosling state", audience, tenant])
 * ```
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

import {
  flattenedDecrypt,
  FlattenedEncrypt,
  type JWEHeaderParameters,
} from "jose";
import { StateError } from "../errors.ts";
import { isCanonical, type SealedParts } from "./envelope.ts";
import { VERSION } from "./header.ts";
import type { StateKey } from "./keys.ts";

/** What a keyring is for. */
export interface KeyringOptions {
  /** The first seals, all open. */
  readonly keys: readonly StateKey[];
  /** The service: its tokens open nowhere else, even under the same key. */
  readonly audience: string;
  /** Seconds for which a token can be opened; absent: for ever. */
  readonly ttl?: number;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** What a sealed token says of itself. */
export interface SealNote {
  /** The key that sealed it. */
  readonly kid?: string;
  /** When it was sealed, seconds since 1970. */
  readonly issuedAt?: number;
  /** When it stops to open, seconds since 1970. */
  readonly expiresAt?: number;
}

const SALT_BYTES = 32;

/** Keys that seal and open; they cannot be read out. */
export class Keyring {
  readonly #options: KeyringOptions;
  readonly #masters: ReadonlyMap<string, CryptoKey>;

  private constructor(
    options: KeyringOptions,
    masters: ReadonlyMap<string, CryptoKey>,
  ) {
    this.#options = options;
    this.#masters = masters;
  }

  /** Makes a keyring of one key or more. */
  static async create(options: KeyringOptions): Promise<Keyring> {
    if (options.keys.length === 0) {
      throw new RangeError("Cannot create keyring: there is no key");
    }
    const masters = options.keys.map(async ({ kid, secret }) => {
      const usages: KeyUsage[] = ["deriveKey"];
      return [
        kid,
        await crypto.subtle.importKey("raw", secret, "HKDF", false, usages),
      ] as const;
    });
    return new Keyring(options, new Map(await Promise.all(masters)));
  }

  /** Seals `plain` for `tenant`. */
  async seal(plain: Uint8Array, tenant: string): Promise<SealedParts> {
    const { keys: [{ kid }], audience, ttl } = this.#options;
    const iat = this.#now();
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const header = {
      alg: "dir",
      enc: "A256GCM",
      typ: "gosling-state",
      kid,
      ver: VERSION,
      aud: audience,
      iat,
      ...ttl !== undefined && { exp: iat + ttl },
      salt: salt.toBase64({ alphabet: "base64url", omitPadding: true }),
    };
    const jwe = await new FlattenedEncrypt(plain)
      .setProtectedHeader(header)
      .encrypt(await this.#contentKey(header, tenant));
    const { protected: sealedHeader = "", iv = "", tag = "" } = jwe;
    return { protected: sealedHeader, iv, ciphertext: jwe.ciphertext, tag };
  }

  /**
   * Opens what {@linkcode seal} made.
   *
   * @throws {StateError} `ERR_STATE_REJECTED`, and never why; `ERR_STATE_EXPIRED`
   * if it is authentic and its time is over.
   */
  async open(
    parts: SealedParts,
    tenant: string,
  ): Promise<SealNote & { readonly plain: Uint8Array }> {
    const { plaintext, protectedHeader } = await this.#decrypt(parts, tenant)
      .catch((cause: unknown) => {
        throw new StateError(
          "ERR_STATE_REJECTED",
          "Cannot open state: it was not sealed here for this caller, or was changed since",
          { cause },
        );
      });
    const { kid, iat, exp } = protectedHeader ?? {};
    if (typeof exp === "number" && this.#now() >= exp) {
      throw new StateError(
        "ERR_STATE_EXPIRED",
        `Cannot open state: it expired ${new Date(exp * 1000).toISOString()}`,
      );
    }
    return {
      plain: plaintext,
      ...kid !== undefined && { kid },
      ...typeof iat === "number" && { issuedAt: iat },
      ...typeof exp === "number" && { expiresAt: exp },
    };
  }

  #decrypt(
    parts: SealedParts,
    tenant: string,
  ): ReturnType<typeof flattenedDecrypt> {
    if (!isCanonical(parts)) return Promise.reject(new Error("Spare bits"));
    return flattenedDecrypt(
      parts,
      (header?: JWEHeaderParameters) => this.#contentKey(header ?? {}, tenant),
      {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
        maxDecompressedLength: 0,
      },
    );
  }

  /** The key of one token. */
  async #contentKey(
    { kid, salt }: { kid?: unknown; salt?: unknown },
    tenant: string,
  ): Promise<CryptoKey> {
    const master = typeof kid === "string" ? this.#masters.get(kid) : undefined;
    if (master === undefined || typeof salt !== "string") {
      throw new Error("No such key");
    }
    const info = ["gosling state", this.#options.audience, tenant];
    return await crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: Uint8Array.fromBase64(salt, { alphabet: "base64url" }),
        info: new TextEncoder().encode(JSON.stringify(info)),
      },
      master,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  }

  /** Seconds since 1970. */
  #now(): number {
    return Math.floor((this.#options.now?.() ?? Date.now()) / 1000);
  }
}
