/**
 * A vault that remembers what it gave out, and throws what a test tells it to.
 *
 * @module
 */

import type { Sealer } from "../../src/http/services.ts";
import type { SealOptions } from "../../src/state/vault.ts";
import { StateError } from "../../src/errors.ts";
import type { Save } from "../../src/state/save.ts";

/** What tests look at. */
export interface FakeVault extends Sealer {
  /** How every save was sealed. */
  readonly sealed: SealOptions[];
}

export function fakeVault(): FakeVault {
  const saves = new Map<string, Save>();
  const sealed: SealOptions[] = [];
  const seal = (save: Save, options: SealOptions) => {
    const token = `save..${saves.size}`;
    saves.set(token, save);
    sealed.push(options);
    const { codec } = options;
    return Promise.resolve({ token, bytes: token.length, codec });
  };
  return {
    sealed,
    open(token) {
      const name = typeof token === "string"
        ? token
        : new TextDecoder().decode(token);
      const save = saves.get(name);
      return save === undefined
        ? Promise.reject(
          new StateError(
            "ERR_STATE_UNREADABLE",
            "Cannot open state: it is not a token",
          ),
        )
        : Promise.resolve(save);
    },
    read: () => Promise.reject(new Error("A fake state has no bytes")),
    seal,
    async sealBytes(save, options) {
      const { token, ...rest } = await seal(save, options);
      return { token: new TextEncoder().encode(token), ...rest };
    },
  };
}
