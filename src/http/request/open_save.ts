/**
 * What a request goes on from: its own state, an initial state of the server's
 * by name, or nothing.
 *
 * @module
 */

import type { Context } from "hono";
import { StateError } from "../../errors.ts";
import type { Save } from "../../state/save.ts";
import type { Profile } from "../../state/vault.ts";
import { SchemaError } from "../problem.ts";
import type { AppEnv, Services } from "../services.ts";

/** The fields that say where to begin. */
export interface SaveSource {
  /** A token. */
  readonly state?: string | Uint8Array<ArrayBuffer> | null | undefined;
  /** The name of an initial state. */
  readonly initial?: string | null | undefined;
  /** What becomes of another model's state; by default as the server is set. */
  readonly on_mismatch?: MismatchPolicy | undefined;
  /** How the state that is returned will be protected. */
  readonly state_profile?: Profile | undefined;
}

/** What becomes of another model's state: it is refused, or its text is read anew. */
export type MismatchPolicy = "refuse" | "rebase";

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
  { state, initial, on_mismatch, state_profile: profile }: SaveSource,
): Promise<Save | undefined> {
  const services = c.get("services");
  const token = state ?? undefined;
  if (initial === undefined || initial === null) {
    if (token === undefined) return undefined;
    const options = { tenant: c.get("tenant"), profile };
    const unwrapped = c.get("unwrapped");
    try {
      return await services.vault.open(token, { ...options, unwrapped });
    } catch (error) {
      const mode = on_mismatch ?? services.onMismatch;
      if (mode !== "rebase" || !isMismatch(error)) throw error;
      return await rebasedSave(c, token, options, error);
    }
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

function isMismatch(error: unknown): error is StateError {
  return error instanceof StateError && error.code === "ERR_STATE_MISMATCH";
}

/** Another model's state, which turns that go on from it read anew. */
async function rebasedSave(
  c: Context<AppEnv>,
  token: string | Uint8Array<ArrayBuffer>,
  options: { readonly tenant: string; readonly profile: Profile | undefined },
  mismatch: StateError,
): Promise<Save> {
  const file = await c.get("services").vault.read(token, {
    ...options,
    withoutValues: true,
  });
  if (file.save.transcript?.turns.length) return c.get("turns").rebase(file);
  throw new StateError(
    "ERR_STATE_MISMATCH",
    `${mismatch.message}; and it has no transcript to read again`,
    { cause: mismatch },
  );
}

/** The initial states of a server, for lists. */
export function initialStates({ initial }: Services): InitialState[] {
  return [...initial ?? []].map(([name, { position }]) => ({ name, position }));
}
