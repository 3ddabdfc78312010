/**
 * Secrets of a state's owner, which a request brings in headers and nothing keeps:
 * they are given to the vault of that request alone.
 *
 * @module
 */

import type { Context } from "hono";
import {
  type OwnerSecret,
  parseOwnerSecret,
} from "../../state/owner_secret.ts";
import type { AppEnv, Sealer } from "../services.ts";

/** The header with the secret that opens states, and locks those that are returned. */
export const SECRET = "gosling-secret";

/** The header with another secret for those that are returned; `none` unlocks them. */
export const NEW_SECRET = "gosling-new-secret";

/** What opens the states of a request, and what locks those that it gets. */
export interface OwnerSecrets {
  /** Opens; without it locked states are rejected. */
  readonly opens?: OwnerSecret | undefined;
  /** Locks; without it the returned states are not locked. */
  readonly locks?: OwnerSecret | undefined;
}

/**
 * Reads the headers.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID` if one is malformed.
 */
export function ownerSecrets(c: Context<AppEnv>): OwnerSecrets {
  const secret = c.req.header(SECRET), next = c.req.header(NEW_SECRET);
  const opens = secret === undefined
    ? undefined
    : parseOwnerSecret(secret, SECRET);
  const locks = next === undefined
    ? opens
    : next === "none"
    ? undefined
    : parseOwnerSecret(next, NEW_SECRET);
  return { opens, locks };
}

/** A vault that opens and seals with the secrets of one request. */
export function ownedVault(
  vault: Sealer,
  { opens, locks }: OwnerSecrets,
): Sealer {
  if (opens === undefined && locks === undefined) return vault;
  return {
    open: (token, options) => vault.open(token, { ...options, secret: opens }),
    read: (token, options) => vault.read(token, { ...options, secret: opens }),
    seal: (save, options) => vault.seal(save, { ...options, secret: locks }),
    sealBytes: (save, options) =>
      vault.sealBytes(save, { ...options, secret: locks }),
  };
}
