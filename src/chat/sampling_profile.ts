/**
 * How an answer is drawn: as the request says, else as the model's profile does,
 * else from every token.
 *
 * @module
 */

import type {
  DecodingProfile,
  DecodingProfiles,
} from "../model/model_settings.ts";
import type { SamplingOptions } from "../text/sampling_options.ts";

/** How fast draws are forgotten by the native API, where nobody says. */
export const PENALTY_DECAY = 0.996;

/** What a request says of drawing, in the API's words. */
export type DecodingFields = {
  readonly [Name in keyof DecodingProfile]?: DecodingProfile[Name] | undefined;
};

/** What is drawn. */
export interface DrawingNeeds {
  /** Whether the answer begins with a thought. */
  readonly thinking: boolean;
  /** Whether it may call functions. */
  readonly tools: boolean;
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
 * How to draw. A temperature of 0 asks for the likeliest token, so only penalties
 * that the request itself names change what that is.
 *
 * @param profiles The model's; omitted if it has none.
 */
export function drawingOf(
  fields: DecodingFields,
  profiles: DecodingProfiles | undefined,
  { thinking, tools, penaltyDecay }: DrawingNeeds,
): SamplingOptions {
  const usual = (tools ? profiles?.tools : undefined) ??
    (thinking ? profiles?.thinking : profiles?.plain);
  const temperature = fields.temperature ?? usual?.temperature ?? 1;
  const profile: DecodingProfile = {
    ...usual,
    ...(temperature === 0 && PENALTIES),
  };
  return {
    temperature,
    topK: fields.top_k ?? profile.top_k ?? 0,
    topP: fields.top_p ?? profile.top_p ?? 1,
    minP: fields.min_p ?? profile.min_p ?? 0,
    presencePenalty: fields.presence_penalty ?? profile.presence_penalty ?? 0,
    frequencyPenalty: fields.frequency_penalty ?? profile.frequency_penalty ??
      0,
    penaltyDecay: fields.penalty_decay ?? profile.penalty_decay ??
      penaltyDecay,
    logitBias: new Map(),
  };
}
