/**
 * What a request makes of states owes to all that it sent: the tokens that it gets
 * carry the time of the oldest, however they came about, one renewal more than the
 * most renewed, and the end of the first that must not be renewed.
 *
 * @module
 */

import type { Lineage } from "../../state/keyring.ts";
import type { Sealer } from "../services.ts";

/** The vault of one request. */
export function renewingVault(vault: Sealer): Sealer {
  let lineage: Lineage | undefined;
  const issued = (found: Lineage) => lineage = joinedLineage(found, lineage);
  return {
    open: (token, options) => vault.open(token, { ...options, issued }),
    read: (token, options) => vault.read(token, { ...options, issued }),
    seal: (save, options) =>
      vault.seal(save, { ...options, lineage: renewed(lineage) }),
    sealBytes: (save, options) =>
      vault.sealBytes(save, { ...options, lineage: renewed(lineage) }),
  };
}

function renewed(lineage: Lineage | undefined): Lineage | undefined {
  return lineage && { ...lineage, renewals: (lineage.renewals ?? 0) + 1 };
}

/** What is made of two tokens owes to both. */
function joinedLineage(a: Lineage, b: Lineage = {}): Lineage {
  return {
    firstIssuedAt: least(a.firstIssuedAt, b.firstIssuedAt),
    renewals: Math.max(a.renewals ?? 0, b.renewals ?? 0),
    notAfter: least(a.notAfter, b.notAfter),
  };
}

function least(a = Infinity, b = Infinity): number | undefined {
  const found = Math.min(a, b);
  return found < Infinity ? found : undefined;
}
