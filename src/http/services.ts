/**
 * What the routes call on, handed in by the composition root. Tests hand in
 * fakes.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import type { Grammars } from "../grammar/grammar.ts";
import type { Save } from "../state/save.ts";
import type { Vault } from "../state/seal.ts";

/** Turns saves into tokens and back. */
export type Sealer = Pick<Vault, "open" | "read" | "seal" | "sealBytes">;

/** A loaded model and the key ring for its saves. */
export interface Services {
  readonly engine: Engine;
  readonly vault: Sealer;
  /** Follows answers through the grammars that requests ask for. */
  readonly grammars: Grammars;
  /** Whether states may leave the server unencrypted. */
  readonly portable: boolean;
  /** States that a text may begin with, by name; absent: none. */
  readonly initial?: ReadonlyMap<string, Save>;
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
