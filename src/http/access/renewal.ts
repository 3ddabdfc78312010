/**
 * What a request makes of states is as old as they are: the tokens that it gets
 * carry the time of the oldest that it sent, however they came about.
 *
 * @module
 */

import type { Sealer } from "../services.ts";

/** The vault of one request. */
export function renewingVault(vault: Sealer): Sealer {
  let oldest: number | undefined;
  const issued = (firstIssuedAt: number) => {
    oldest = Math.min(oldest ?? Infinity, firstIssuedAt);
  };
  return {
    open: (token, options) => vault.open(token, { ...options, issued }),
    read: (token, options) => vault.read(token, options),
    seal: (save, options) =>
      vault.seal(save, { ...options, firstIssuedAt: oldest }),
    sealBytes: (save, options) =>
      vault.sealBytes(save, { ...options, firstIssuedAt: oldest }),
  };
}
