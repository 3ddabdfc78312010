/**
 * What the tools for states have in common.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { CODEC_NAMES } from "../../../state/codec.ts";
import type { Save } from "../../../state/save.ts";
import type { ProblemStatus } from "../../site/document.ts";
import { StateProfile } from "../schema.ts";
import type { AppEnv } from "../../services.ts";
import { requireProfile } from "../../request/turn_fields.ts";

/** A token. */
export const Token = z.string().describe(
  "A state returned by an earlier answer",
);

/** How to write the state that a tool returns. */
export const output = {
  state_codec: z.enum(CODEC_NAMES).default("int8"),
  state_profile: StateProfile,
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

/** Opens a token of the model served. */
export function openToken(c: Context<AppEnv>, token: string): Promise<Save> {
  return c.get("services").vault.open(token, {
    tenant: c.get("tenant"),
    unwrapped: c.get("unwrapped"),
  });
}

/** Writes a state for the caller. */
export async function sealMade(
  c: Context<AppEnv>,
  save: Save,
  { state_codec: codec, state_profile: profile }: Output,
): Promise<MadeState> {
  const { vault, portable } = c.get("services");
  requireProfile(profile, portable);
  const tenant = c.get("tenant");
  const sealed = await vault.seal(save, { codec, profile, tenant });
  return {
    state: sealed.token,
    state_bytes: sealed.bytes,
    state_codec: sealed.codec,
    position: save.position,
  };
}

/** The same data under the API's names: `attShift` becomes `att_shift`. */
export function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (!(value instanceof Object)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replaceAll(/[a-z][A-Z]/g, ([a, b]) => `${a}_${b?.toLowerCase()}`),
      snakeCase(member),
    ]),
  );
}
