/**
 * What the tools for states have in common.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { CODEC_NAMES } from "../../../state/codec.ts";
import type { SaveFile } from "../../../state/save_format.ts";
import type { Save } from "../../../state/save.ts";
import type { OpenedFile } from "../../../state/vault.ts";
import { StateError } from "../../../errors.ts";
import { type Transcript, transcriptError } from "../../../state/transcript.ts";
import type { ProblemStatus } from "../../site/openapi_document.ts";
import { Renewable, StateProfile } from "../../fields/state_fields.ts";
import type { AppEnv } from "../../services.ts";

/** A token. */
export const Token = z.string().describe(
  "A state returned by an earlier answer",
);

/** The least weight of a state in a mean: far less would lose bits of its values. */
export const LEAST_WEIGHT = 1e-6;

/** The greatest. */
export const MOST_WEIGHT = 1e6;

/** How to write the state that a tool returns. */
export const output = {
  state_codec: z.enum(CODEC_NAMES).default("int8"),
  state_profile: StateProfile,
  renewable: Renewable,
};

/** How a tool's state is to be written. */
export type Output = z.output<z.ZodObject<typeof output>>;

/** A state that a tool made. */
export const MadeState = z.object({
  state: z.string(),
  state_bytes: z.int(),
  state_codec: z.string(),
  position: z.int().describe("Tokens the state has read"),
}).openapi("MadeState");
/** A state that a tool made. */
export type MadeState = z.infer<typeof MadeState>;

/** How tools refuse a state. */
export const STATE_REFUSALS: readonly ProblemStatus[] = [403, 409];

/**
 * Opens a token of the model served.
 *
 * @param place The token's JSON pointer, for errors of requests that have several.
 */
export async function openToken(
  c: Context<AppEnv>,
  token: string,
  { state_profile: profile }: Partial<Output> = {},
  place?: string,
): Promise<Save> {
  try {
    return await c.get("services").vault.open(token, {
      tenant: c.get("tenant"),
      profile,
      unwrapped: c.get("unwrapped"),
    });
  } catch (error) {
    if (!(error instanceof StateError) || place === undefined) throw error;
    const { code, message } = error;
    throw new StateError(code, message.replace(": ", `: ${place}: `), {
      cause: error,
    });
  }
}

/** Opens a token of any model, for what it says besides its values. */
export function readText(
  c: Context<AppEnv>,
  token: string,
  { state_profile: profile }: Partial<Output> = {},
): Promise<OpenedFile> {
  return c.get("services").vault.read(token, {
    tenant: c.get("tenant"),
    withoutValues: true,
    profile,
  });
}

/**
 * Makes sure that a state says what it has read.
 *
 * @throws {StateError} `ERR_STATE_TRANSCRIPT` if it does not.
 */
export function expectTranscript({ save }: SaveFile): Transcript {
  if (save.transcript !== undefined) return save.transcript;
  throw transcriptError(
    `Cannot tell what the state has read: of its ${save.position} tokens it has ` +
      'no transcript. A text that begins with "transcript": true has one',
  );
}

/** Writes a state for the caller. */
export async function sealMade(
  c: Context<AppEnv>,
  save: Save,
  { state_codec: codec, state_profile: profile, renewable }: Output,
): Promise<MadeState> {
  const tenant = c.get("tenant");
  const sealed = await c.get("services").vault.seal(save, {
    codec,
    profile,
    tenant,
    renewable,
  });
  return {
    state: sealed.token,
    state_bytes: sealed.bytes,
    state_codec: sealed.codec,
    position: save.position,
  };
}
