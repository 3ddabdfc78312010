/**
 * Fields of requests as turns take them.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { Profile } from "../../state/seal.ts";
import type { SamplingOptions } from "../../text/sampling.ts";
import { SchemaError } from "../problem.ts";

/** How to draw, as requests say it. Ranges are checked by their schemas. */
export interface SamplingFields {
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly min_p: number;
  readonly presence_penalty: number;
  readonly frequency_penalty: number;
  readonly penalty_decay: number;
  readonly logit_bias: Readonly<Record<string, number>>;
}

/** The request's sampling fields as the engine takes them. */
export function samplingOf(
  request: SamplingFields,
  vocabulary: number,
): SamplingOptions {
  const bias = Object.entries(request.logit_bias);
  const strange = bias.find(([token]) => Number(token) >= vocabulary);
  if (strange !== undefined) {
    const detail = `is no token of this model, which has ${vocabulary}`;
    throw new SchemaError(
      `Cannot take request: /logit_bias/${strange[0]}: ${detail}`,
      [{ pointer: `/logit_bias/${strange[0]}`, detail }],
    );
  }
  return {
    temperature: request.temperature,
    topK: request.top_k,
    topP: request.top_p,
    minP: request.min_p,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    penaltyDecay: request.penalty_decay,
    logitBias: new Map(bias.map(([token, value]) => [Number(token), value])),
  };
}

/** @throws {StateError} If the profile is not allowed here. */
export function requireProfile(asked: Profile, portable: boolean): void {
  if (asked === "portable" && !portable) {
    throw new StateError(
      "ERR_STATE_PROFILE",
      "Cannot return a portable state: this server seals every state. " +
        "The operator can allow it with --portable yes",
    );
  }
}
