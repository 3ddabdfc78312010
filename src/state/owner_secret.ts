/**
 * Keys that the owner of a state holds. Whoever brings a secret gets a state that the
 * server's key alone does not open: the secret is one half of the salt from which the
 * content key is derived (`keyring.ts`), and is kept nowhere.
 *
 * @module
 */

import { RequestError } from "../errors.ts";
import { fromBase64url } from "../text/base64url.ts";

/** A secret of 256 bits, and what its owner calls it. */
export interface OwnerSecret {
  /**
   * Legible in the token: how the owner finds the secret again, such as the salt and
   * the cost of a passphrase's hash. At most 128 letters, digits, `.`, `_` and `-`.
   */
  readonly label: string;
  /** The secret, 32 bytes. */
  readonly bytes: Uint8Array;
}

const OWNER_SECRET = /^([\w.-]{0,128}):([\w-]{43})$/;

/**
 * Reads a secret as requests bring it, `LABEL:BASE64URL`.
 *
 * @param name What it is called, for the error, which does not repeat it.
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function parseOwnerSecret(text: string, name: string): OwnerSecret {
  const [, label, secret] = OWNER_SECRET.exec(text) ?? [];
  if (label !== undefined && secret !== undefined) {
    try {
      return { label, bytes: fromBase64url(secret) };
    } catch {
      // 43 characters may still name bits that no byte uses.
    }
  }
  throw new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot take ${name}: expected LABEL:SECRET, at most 128 letters, digits, ` +
      "dots, underscores and hyphens, then 32 bytes as 43 characters of base64url",
  );
}
