/**
 * What the page and the engine's worker say to each other.
 *
 * @module
 */

import type { OpenOptions } from "./engine_api.ts";
import type { GenerateEnd, GenerationRequest } from "../client/generation.ts";

/** The model that is in the tab. */
export interface TabModel {
  /** Its name. */
  readonly name: string;
  /** SHA-256 of weights, vocabulary and layout. */
  readonly fingerprint: string;
  /** Parameters. */
  readonly parameters: number;
  /** Where it computes, for people. */
  readonly device: string;
}

/** `model/model.json`, beside the page: what there is to load. */
export interface ModelManifest {
  /** Its name. */
  readonly name: string;
  /** File of the weights, in the same folder. */
  readonly weights: string;
  /** File of the vocabulary. */
  readonly vocabulary: string;
  /** Bytes of both. */
  readonly bytes: number;
  /** Texts of files that say how it converses. */
  readonly settings?: NonNullable<OpenOptions["settings"]>;
}

/** From the page. */
export type ToEngine =
  /** Loads the model; a second time, answers at once. */
  | { readonly type: "open"; readonly id: number }
  /** Takes a turn. */
  | {
    readonly type: "turn";
    readonly id: number;
    readonly request: GenerationRequest;
  }
  /** Ends a turn early. */
  | { readonly type: "abort"; readonly id: number };

/** From the worker; `id` is that of the request. */
export type FromEngine =
  /** Bytes of the model that have arrived. */
  | {
    readonly type: "progress";
    readonly id: number;
    readonly done: number;
    readonly total: number;
  }
  | { readonly type: "opened"; readonly id: number; readonly model: TabModel }
  | { readonly type: "text"; readonly id: number; readonly text: string }
  | { readonly type: "done"; readonly id: number; readonly end: GenerateEnd }
  | {
    readonly type: "failed";
    readonly id: number;
    readonly code: string;
    readonly message: string;
  };
