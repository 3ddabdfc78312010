/**
 * What the routes call on, handed in by the composition root. Tests hand in
 * fakes.
 *
 * @module
 */

import type { Speaker } from "../chat/chat_turn.ts";
import type { Engine } from "../engine/engine.ts";
import { ModelError } from "../errors.ts";
import type { Grammars } from "../grammar/grammar.ts";
import type { StoredType } from "../model/checkpoint.ts";
import type { ModelShape } from "../model/shape.ts";
import type { RequestRecord } from "../observe/request_record.ts";
import type { Save } from "../state/save.ts";
import type { TokenOwner } from "../state/keyring.ts";
import type { UnwrappedToken, Vault } from "../state/vault.ts";
import type { Caller, RequestTurns } from "./turns/request_turns.ts";
import type { Rate } from "./access/token_bucket.ts";
import type { JsonLimits } from "./request/request_grammar.ts";
import type { MismatchPolicy } from "./request/open_save.ts";

/** Turns saves into tokens and back. */
export type Sealer = Pick<Vault, "open" | "read" | "seal" | "sealBytes">;

/** A loaded model and the key ring for its saves. */
export interface Services extends Speaker {
  readonly engine: Engine;
  readonly vault: Sealer;
  /** Follows answers through the grammars that requests ask for. */
  readonly grammars: Grammars;
  /** Whether states may leave the server unencrypted. */
  readonly portable: boolean;
  /** Whether states that the vault seals expire, renewed or not. */
  readonly expires?: boolean;
  /** What becomes of another model's state, where a request does not say. */
  readonly onMismatch?: MismatchPolicy;
  /** States that a text may begin with, by name; omitted if there is none. */
  readonly initial?: ReadonlyMap<string, Save>;
}

/** A model that requests may name. */
export interface ServedModel {
  /** Its name in the API. */
  readonly id: string;
  /** Whether it takes requests at once, soon, or after a load. */
  readonly status: "loaded" | "loading" | "unloaded";
  /** Its sizes, known before it is loaded. */
  readonly shape: ModelShape;
  /** How its file keeps matrices, where that was looked at. */
  readonly stored?: StoredType;
  /** Absent unless it is loaded. */
  readonly services?: Services | undefined;
}

/** A model on loan: it stays loaded until it is given back. */
export interface Loan {
  /** The model. */
  readonly services: Services;
  /** Gives it back; absent where models are never unloaded. */
  readonly release?: () => void;
}

/** Whose a state is. */
export interface StateOwner {
  /** The model's name; absent if it cannot be told. */
  readonly id?: string | undefined;
  /** The state, so that it is opened once. */
  readonly unwrapped?: UnwrappedToken;
}

/** The models of a server. */
export interface Loader {
  /** Every one, loaded or not; the first is meant where none is named. */
  readonly models: readonly ServedModel[];
  /** Whether a model has been loaded since the start. */
  readonly started: boolean;
  /** Whether the server is shutting down; it never does by default. */
  readonly closing?: boolean;
  /**
   * Lends a model, loading it if need be; every caller waits for the same load.
   *
   * @param id Its name; by default the first.
   * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if there is no such model,
   * `ERR_MODEL_TOO_LARGE` if it can never be loaded here, `ERR_MODEL_BUSY` if
   * others take its room now.
   */
  borrow(id?: string): Promise<Loan>;
  /**
   * Tells by a state's header which model made it. Absent where there is one model.
   */
  readonly ownerOf?: (
    token: string | Uint8Array<ArrayBuffer>,
    owner: TokenOwner,
  ) => Promise<StateOwner>;
}

/** A loader of one model that is there already. */
export function loaderOf(services: Services): Loader {
  const { id, shape } = services.engine.model;
  return {
    models: [{ id, shape, status: "loaded", services }],
    started: true,
    borrow(asked = id): Promise<Loan> {
      return asked === id
        ? Promise.resolve({ services })
        : Promise.reject(noSuchModel(asked, [id]));
    },
  };
}

/**
 * The model of a name.
 *
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND`.
 */
export function modelNamed(
  models: readonly ServedModel[],
  id: string,
): ServedModel {
  const found = models.find((model) => model.id === id);
  if (found === undefined) throw noSuchModel(id, models.map(({ id }) => id));
  return found;
}

/** The error of a name that no model has. */
export function noSuchModel(
  asked: string,
  ids: readonly string[],
): ModelError {
  return new ModelError(
    "ERR_MODEL_NOT_FOUND",
    `Cannot use model ${JSON.stringify(asked)}: this server has ${
      ids.join(", ")
    }`,
  );
}

/** What middleware leaves for routes. */
export interface AppEnv {
  Variables: {
    requestId: string;
    /** What is known of the request. */
    record: RequestRecord;
    /** Whether requests in OpenAI's shapes may have no unknown fields. */
    strict: boolean;
    /** How long values of JSON may be where neither schema nor request says it. */
    jsonLimits?: JsonLimits | undefined;
    /** Every model. */
    loader: Loader;
    /** The one that the request is for, once its body has been read. */
    services: Services;
    /** Gives that model back when the answer has ended. */
    release: (() => void) | undefined;
    /** A state of the request that was looked at to find its model. */
    unwrapped?: UnwrappedToken | undefined;
    /** The name of the caller's key; empty where no keys are set. */
    tenant: string;
    /** What the caller's key allows; the server's rate by default. */
    rate?: Rate | undefined;
    /** Whose request it is, and what its turns may take. */
    caller: Caller;
    /** Takes its turns, once its body has been read. */
    turns: RequestTurns;
    /** Seconds that a body may take to arrive; unlimited by default. */
    bodyTimeout?: number | undefined;
    /** Values that a body may hold; the usual bound by default. */
    mostValues?: number;
    /** Whether a body is JSON whatever its media type. */
    anyType?: boolean;
    /** Bytes of a history to keep at most; without it the body is read as it is. */
    keepBytes?: number;
    /** When the body has to be there, by `performance.now()`. */
    bodyDeadline?: { readonly by: number; readonly seconds: number };
  };
}
