/**
 * Fields of requests as turns take them.
 *
 * @module
 */

import { StateError } from "../../errors.ts";
import type { DecodingProfile } from "../../model/settings.ts";
import type { Profile } from "../../state/seal.ts";
import type { SamplingOptions } from "../../text/sampling.ts";
import { SchemaError } from "../problem.ts";
import type { Services } from "../services.ts";

/** How to draw, as requests say it. Ranges are checked by their schemas. */
export interface SamplingFields extends Partial<DecodingFields> {
  readonly logit_bias: Readonly<Record<string, number>>;
}

/** The fields that a model's decoding profile may stand in for. */
type DecodingFields = {
  readonly [Name in keyof DecodingProfile]-?: DecodingProfile[Name] | undefined;
};

/** What is drawn. */
export interface DrawingNeeds {
  /** Whether the answer begins with a thought. */
  readonly thinking: boolean;
  /** How fast draws are forgotten, where neither request nor model says. */
  readonly penaltyDecay: number;
}

/** Fields of a profile that take from what was drawn before. */
const PENALTIES = {
  presence_penalty: undefined,
  frequency_penalty: undefined,
  penalty_decay: undefined,
};

/**
 * How to draw: as the request says, else as the model's profile does, else from every
 * token. A temperature of 0 asks for the likeliest token, so only penalties that the
 * request itself names change what that is.
 *
 * @throws {SchemaError} If a bias is for no token of the model.
 */
export function samplingOf(
  request: SamplingFields,
  { engine, decoding }: Pick<Services, "engine" | "decoding">,
  { thinking, penaltyDecay }: DrawingNeeds,
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
  const usual = thinking ? decoding?.thinking : decoding?.plain;
  const temperature = request.temperature ?? usual?.temperature ?? 1;
  const profile: DecodingProfile = {
    ...usual,
    ...(temperature === 0 && PENALTIES),
  };
  return {
    temperature,
    topK: request.top_k ?? profile.top_k ?? 0,
    topP: request.top_p ?? profile.top_p ?? 1,
    minP: request.min_p ?? profile.min_p ?? 0,
    presencePenalty: request.presence_penalty ?? profile.presence_penalty ?? 0,
    frequencyPenalty: request.frequency_penalty ??
      profile.frequency_penalty ?? 0,
    penaltyDecay: request.penalty_decay ?? profile.penalty_decay ??
      penaltyDecay,
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
