/**
 * What a request goes on from: its own state, an initial state of the server's
 * by name, or nothing.
 *
 * @module
 */

import type { Context } from "hono";
import { StateError } from "../../errors.ts";
import type { Save } from "../../state/save.ts";
import { SchemaError } from "../problem.ts";
import type { AppEnv, Services } from "../services.ts";

/** The fields that say where to begin. */
export interface SaveSource {
  /** A token. */
  readonly state?: string | Uint8Array<ArrayBuffer> | null | undefined;
  /** The name of an initial state. */
  readonly initial?: string | null | undefined;
}

/** An initial state as lists of models show it. */
export interface InitialState {
  /** Its name. */
  readonly name: string;
  /** Tokens it has read. */
  readonly position: number;
}

/**
 * Opens what a request goes on from; nothing is the blank state.
 *
 * @throws {SchemaError} If the request names two.
 * @throws {StateError} `ERR_STATE_NOT_FOUND` if there is no such initial state,
 * and as the vault does.
 */
export async function openBeginning(
  c: Context<AppEnv>,
  { state, initial }: SaveSource,
): Promise<Save | undefined> {
  const services = c.get("services");
  const token = state ?? undefined;
  if (initial === undefined || initial === null) {
    return token === undefined ? undefined : await services.vault.open(token, {
      tenant: c.get("tenant"),
      unwrapped: c.get("unwrapped"),
    });
  }
  if (token !== undefined) {
    const detail = "cannot be given beside a state, which has begun already";
    throw new SchemaError(`Cannot take request: /initial: ${detail}`, [
      { pointer: "/initial", detail },
    ]);
  }
  const found = services.initial?.get(initial);
  if (found === undefined) {
    const names = [...services.initial?.keys() ?? []].join(", ");
    throw new StateError(
      "ERR_STATE_NOT_FOUND",
      `Cannot begin with ${JSON.stringify(initial)}: this server has ${
        names || "no initial states"
      }`,
    );
  }
  // Texts that begin alike shall not draw alike, as with a blank state.
  const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2));
  return { ...found, seed: [low, high] };
}

/** The initial states of a server, for lists. */
export function initialStates({ initial }: Services): InitialState[] {
  return [...initial ?? []].map(([name, { position }]) => ({ name, position }));
}
