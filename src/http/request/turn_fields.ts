/**
 * Fields of requests as turns take them.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import {
  type DecodingFields,
  type DrawingNeeds,
  drawingOf,
} from "../../chat/sampling_profile.ts";
import type { Profile } from "../../state/vault.ts";
import type { SamplingOptions } from "../../text/sampling_options.ts";
import { SchemaError } from "../problem.ts";
import type { Services } from "../services.ts";

/** How to draw, as requests say it. Ranges are checked by their schemas. */
export interface SamplingFields extends DecodingFields {
  readonly logit_bias: Readonly<Record<string, number>>;
}

/**
 * How to draw, with the request's own biases.
 *
 * @throws {SchemaError} If a bias is for no token of the model.
 */
export function samplingOf(
  request: SamplingFields,
  { engine, decoding }: Pick<Services, "engine" | "decoding">,
  needs: DrawingNeeds,
): SamplingOptions {
  const { V } = engine.model.shape;
  const bias = Object.entries(request.logit_bias);
  const strange = bias.find(([token]) => Number(token) >= V);
  if (strange !== undefined) {
    const detail = `is no token of this model, which has ${V}`;
    throw new SchemaError(
      `Cannot take request: /logit_bias/${strange[0]}: ${detail}`,
      [{ pointer: `/logit_bias/${strange[0]}`, detail }],
    );
  }
  return {
    ...drawingOf(request, decoding, needs),
    logitBias: new Map(bias.map(([token, value]) => [Number(token), value])),
  };
}

/** How a returned state is protected, as requests say it. */
export interface ProtectionFields {
  readonly state_profile: Profile;
  readonly renewable?: boolean | undefined;
}

/** @throws {StateError} If the protection cannot be had here. */
export function requireProtection(
  { state_profile, renewable = true }: ProtectionFields,
  { portable, expires = false }: Pick<Services, "portable" | "expires">,
): void {
  if (state_profile === "portable" && !portable) {
    throw new StateError(
      "ERR_STATE_PROFILE",
      "Cannot return a portable state: this server seals every state. " +
        "The operator can allow it with --portable yes",
    );
  }
  if (renewable) return;
  const found = state_profile === "portable"
    ? "portable states never end"
    : expires
    ? undefined
    : "states of this server never end. The operator can set an end with " +
      "--state-ttl";
  if (found === undefined) return;
  throw new StateError(
    "ERR_STATE_PROFILE",
    `Cannot return a state that is not renewable: ${found}`,
  );
}
