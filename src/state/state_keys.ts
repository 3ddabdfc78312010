/**
 * The keys that seal states: a list of `kid:secret`, the first seals, all open.
 *
 * To rotate, put a new key in front; once every token sealed before has expired,
 * drop the old one, and what it sealed is rejected.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";

/** Bytes of a secret. */
const SECRET_BYTES = 32;

/** A name that stands in every token. */
const KID = /^[A-Za-z0-9._-]{1,64}$/;

/** A master key and its name. */
export interface StateKey {
  /** Its name, `A–Z a–z 0–9 . _ -`, at most 64 characters. */
  readonly kid: string;
  /** 32 random bytes. */
  readonly secret: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a list of keys, `kid:base64url`, apart by commas or white space.
 *
 * @throws {ConfigError} `ERR_CONFIG_INVALID` naming the entry by its place; the
 * text is never repeated, since it is secret.
 */
export function parseKeys(text: string): readonly StateKey[] {
  const keys = text.split(/[\s,]+/).filter((entry) => entry !== "").map(
    parseKey,
  );
  if (keys.length === 0) throw invalidStateKey("the list is empty");
  const names = new Set(keys.map(({ kid }) => kid));
  if (names.size < keys.length) {
    throw invalidStateKey("two keys have the same name");
  }
  return keys;
}

/** Makes a key, and a name for it, from the system's randomness. */
export function randomKey(): StateKey {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const kid = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return { kid, secret };
}

/** Writes a key the way {@linkcode parseKeys} reads it. */
export function formatKey({ kid, secret }: StateKey): string {
  return `${kid}:${
    secret.toBase64({ alphabet: "base64url", omitPadding: true })
  }`;
}

function parseKey(entry: string, index: number): StateKey {
  const colon = entry.indexOf(":");
  const kid = entry.slice(0, colon);
  if (colon < 0 || !KID.test(kid)) {
    throw invalidStateKey(
      `entry ${index + 1} does not begin with a name and a colon`,
    );
  }
  let secret;
  try {
    secret = Uint8Array.fromBase64(entry.slice(colon + 1), {
      alphabet: "base64url",
    });
  } catch {
    throw invalidStateKey(`the secret of ${kid} is not base64url`);
  }
  if (secret.length !== SECRET_BYTES) {
    throw invalidStateKey(
      `the secret of ${kid} has ${secret.length} bytes, expected ${SECRET_BYTES}`,
    );
  }
  return { kid, secret };
}

function invalidStateKey(found: string): ConfigError {
  return new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot read state keys: ${found}; write NAME:SECRET with 32 random bytes in base64url, as from: openssl rand -base64 32 | tr '+/' '-_'`,
  );
}
