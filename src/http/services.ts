/**
 * What the routes call on, handed in by the composition root. Tests hand in
 * fakes.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import type { CodecName, Save } from "../state/save.ts";

/** How a save leaves the server. */
export type Profile = "sealed" | "portable";

/** How to write a save. */
export interface SealOptions {
  readonly codec: CodecName;
  readonly profile: Profile;
  /** Whose it is: nobody else can open it. */
  readonly tenant: string;
}

/** Turns saves into tokens and back. */
export interface Vault {
  /**
   * @throws {StateError} `ERR_STATE_UNREADABLE`, `_REJECTED`, `_EXPIRED`,
   * `_MISMATCH` or `_PROFILE`.
   */
  open(token: string | Uint8Array, tenant: string): Promise<Save>;
  /** @throws {StateError} `ERR_STATE_PROFILE` if the profile is not allowed. */
  seal(save: Save, options: SealOptions): Promise<string>;
  /** The same as bytes, for binary transport. */
  sealBytes(save: Save, options: SealOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** A loaded model and the key ring for its saves. */
export interface Services {
  readonly engine: Engine;
  readonly vault: Vault;
  /** Whether states may leave the server unencrypted. */
  readonly portable: boolean;
}

/** The services, perhaps still being loaded. */
export interface Loader {
  /** Absent until the model is loaded. */
  readonly loaded?: Services | undefined;
  /** Loads the model, once; every caller waits for the same load. */
  load(): Promise<Services>;
}

/** What middleware leaves for routes. */
export interface AppEnv {
  Variables: {
    requestId: string;
    services: Services;
    /** The name of the caller's key; empty where no keys are set. */
    tenant: string;
  };
}
